package apksystem

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktest"
)

// A file's permissions are those of all of its names, and whatever it is.
func TestPermissionsOfLinkedFiles(t *testing.T) {
	link := func(name, to string) apktest.File {
		return apktest.File{Header: &tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: to, Mode: 0o755}}
	}
	device := apktest.File{Header: &tar.Header{Typeflag: tar.TypeChar, Name: "dev/x", Devmajor: 1, Devminor: 3, Mode: 0o600}}
	data := apktest.Package(t, "p", "", nil, apktest.Regular("bin/a", "BYTES").Stated(), link("bin/b", "bin/a"), link("bin/c", "bin/b"), device)
	facts, _, err := apkfacts.Extract(bytes.NewReader(data), apkfile.Built())
	if err != nil {
		t.Fatal(err)
	}
	apk := filepath.Join(t.TempDir(), "p.apk")
	if err := os.WriteFile(apk, data, 0o644); err != nil {
		t.Fatal(err)
	}
	spec := &Spec{Files: map[string]string{"p": apk}, Paths: []Path{
		{Type: "permissions", Path: "/bin/b", Mode: "0711"}, {Type: "permissions", Path: "/dev/x", Mode: "0666", Group: "5"},
		{Type: "permissions", Path: "/bin/b/../x"},
	}}
	if _, err := build(t, spec, facts); err == nil || !strings.Contains(err.Error(), `has the part ".."`) {
		t.Errorf("error is %v, want one about the path", err)
	}
	spec.Paths = spec.Paths[:2]
	files, err := build(t, spec, facts)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"bin/b": "BYTES", "bin/a": "bin/b", "bin/c": "bin/b", "dev/x": ""} {
		if got, ok := files[path]; !ok || got != want {
			t.Errorf("the layer has %s: %v, %q, want %q", path, ok, got, want)
		}
	}
	database := files["lib/apk/db/installed"]
	if strings.Count(database, "a:0:0:711\n") != 3 || !strings.Contains(database, "R:x\na:0:5:666\n") {
		t.Errorf("the database has\n%s", database)
	}
	if entry := facts.Entries[0]; entry.Mode != 0o644 {
		t.Errorf("the facts are changed: %+v", entry)
	}
	spec.Paths = append(spec.Paths[:1], Path{Type: "permissions", Path: "bin/c", Mode: "0700"})
	if _, err := build(t, spec, facts); err == nil || !strings.Contains(err.Error(), "those of bin/b; name that") {
		t.Errorf("error is %v, want one about a second name", err)
	}
	spec.Paths, spec.Files = spec.Paths[:1], nil
	if _, err := build(t, spec, facts); err == nil || !strings.Contains(err.Error(), "want --package=p and --apk") {
		t.Errorf("error is %v, want one about the package file", err)
	}
}
