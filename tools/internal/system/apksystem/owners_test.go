package apksystem

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// Two packages were built where their users had the same number. Here one gets another, and what is its by name.
func TestOwnersByName(t *testing.T) {
	of := func(e apkfacts.Entry, name string) apkfacts.Entry {
		e.UID, e.GID, e.Uname, e.Gname = 100, 101, name, name
		return e
	}
	service := func(name string) *apkfacts.Facts {
		large := apkfacts.Entry{Path: imagepath.Must("var/" + name + "/large"), Mode: 0o600, Size: 1 << 20, Checksum: "Q1" + name}
		f := pkg(name, "builddate 1", of(dir("var/"+name), name), of(large, name), of(symlink("var/"+name+"/link", "large"), name), of(file("var/"+name+"/small", "s"), name))
		f.Scripts = map[string]string{".pre-install": "addgroup -S " + name + "\nadduser -S -D -H -G " + name + " " + name}
		return f
	}
	packages := []*apkfacts.Facts{service("one"), service("two")}
	files, err := build(t, &Spec{}, packages...)
	if err != nil {
		t.Fatal(err)
	}
	if want := "one:x:100:101:"; !strings.Contains(files["etc/passwd"], want) {
		t.Errorf("etc/passwd has no %s:\n%s", want, files["etc/passwd"])
	}
	if want := "two:x:101:100:"; !strings.Contains(files["etc/passwd"], want) {
		t.Errorf("etc/passwd has no %s:\n%s", want, files["etc/passwd"])
	}
	for path, want := range map[string]string{"var/two/small": "s", "var/two/link": "large", "var/two/": ""} {
		if got, ok := files[path]; !ok || got != want {
			t.Errorf("the layer has %s: %v, %q, want %q", path, ok, got, want)
		}
	}
	for _, path := range []string{"var/one/", "var/one/small", "var/two/large"} {
		if _, ok := files[path]; ok {
			t.Errorf("the layer has %s", path)
		}
	}
	_, two, _ := strings.Cut(files["lib/apk/db/installed"], "P:two\n")
	for _, want := range []string{"F:var/two\nM:101:100:755\n", "R:link\na:101:100:777\n", "R:small\na:101:100:644\n", "R:large\na:100:101:600\n"} {
		if !strings.Contains(two, want) {
			t.Errorf("the database has no %q:\n%s", want, two)
		}
	}
	_, report, err := Build(&bytes.Buffer{}, &Spec{Arch: "x86_64"}, packages)
	if err != nil {
		t.Fatal(err)
	}
	warnings := strings.Join(report.Warnings(), "\n")
	if !strings.Contains(warnings, "package two: its var/two/large should be owned by 101:100") ||
		!strings.Contains(warnings, `apk_path.permissions("/var/two/large", user = "101", group = "100")`) || strings.Contains(warnings, "package one") {
		t.Errorf("warnings are %q", warnings)
	}
}
