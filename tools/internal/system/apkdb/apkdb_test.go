package apkdb

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktree"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// The checksum is what apk 2.14 wrote for the attribute user.foo=bar.
func TestInstalled(t *testing.T) {
	b := &apkfacts.Facts{Name: "B", Version: "1-r0", Arch: "noarch", Checksum: "Q1b", Size: 12, Info: apkfacts.Info{
		{Key: "pkgname", Value: "B"}, {Key: "pkgver", Value: "1-r0"}, {Key: "arch", Value: "noarch"},
		{Key: "size", Value: "34"}, {Key: "replaces", Value: "x"}, {Key: "replaces_priority", Value: "7"},
	}, Entries: []apkfacts.Entry{
		{Path: imagepath.Must("d"), Type: apkfacts.Dir, Mode: 0o755},
		{Path: imagepath.Must("d/e"), Type: apkfacts.Dir, Mode: 0o2700, UID: 5, GID: 6},
		{Path: imagepath.Must("d/e/f"), Mode: 0o644, Checksum: "Q1f", Xattrs: map[string][]byte{"user.foo": []byte("bar")}},
		{Path: imagepath.Must("d/late"), Mode: 0o644, Checksum: "Q1late", Unstated: true},
		{Path: imagepath.Must("root"), Type: apkfacts.Symlink, Mode: 0o777, Checksum: "Q1root"},
		{Path: imagepath.Must(".dummy"), Mode: 0o644, Checksum: "Q1dummy"},
	}}
	a := &apkfacts.Facts{Name: "a", Version: "1-r0", Arch: "aarch64", Checksum: "Q1a", Info: apkfacts.Info{
		{Key: "pkgname", Value: "a"}, {Key: "pkgver", Value: "1-r0"}, {Key: "arch", Value: "aarch64"},
	}}
	tree, err := apktree.New([]*apkfacts.Facts{b, a}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := WriteInstalled(&out, tree.Packages, "x86_64"); err != nil {
		t.Fatal(err)
	}
	want := `C:Q1a
P:a
V:1-r0
A:aarch64
S:0
I:0
T:
U:
L:

C:Q1b
P:B
V:1-r0
A:x86_64
S:12
I:34
T:
U:
L:
r:x
q:7
F:d
R:late
F:d/e
M:5:6:2700
R:f
a:0:0:644:Q1PRtF90e/MH8X0tNudu5SuM6PFR4=
Z:Q1f
F:
R:root
a:0:0:777
Z:Q1root

`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestScriptsAndTriggers(t *testing.T) {
	f := &apkfacts.Facts{Name: "p", Version: "1-r0", Checksum: "Q1p", Scripts: map[string]string{".trigger": "t", ".post-install": "p", ".odd": "o"},
		Info: apkfacts.Info(apkfile.Info{{Key: "triggers", Value: "/a/* /b"}})}
	var out bytes.Buffer
	if err := WriteScripts(&out, []*apkfacts.Facts{f}); err != nil {
		t.Fatal(err)
	}
	first, second := strings.Index(out.String(), "p-1-r0.Q1p.post-install\x00"), strings.Index(out.String(), "p-1-r0.Q1p.trigger\x00")
	if first != 0 || second < first || strings.Contains(out.String(), ".odd") {
		t.Errorf("scripts.tar has the script at %d and the trigger at %d, in\n%q", first, second, out.String())
	}
	if got, err := Triggers([]*apkfacts.Facts{f}); string(got) != "Q1p /a/* /b\n" || err != nil {
		t.Errorf("triggers are %q, %v", got, err)
	}
}

func TestWorld(t *testing.T) {
	got, err := World([]string{"zlib", "busybox>1.36", "!dash", "zlib", "foo@edge", "a=1-r0"})
	if err != nil || string(got) != "a=1-r0\nbusybox>1.36\n!dash\nfoo@edge\nzlib\n" {
		t.Errorf("World gives %q, %v", got, err)
	}
	if _, err := World([]string{"=="}); err == nil {
		t.Error("World takes a constraint that is none")
	}
}

// Whatever a package states of itself, or an image asks for, none of it can be two lines of the database.
func TestNoFieldIsTwoLines(t *testing.T) {
	for _, key := range []string{"pkgname", "pkgver", "arch", "pkgdesc", "url", "license", "origin", "maintainer", "commit", "replaces_priority"} {
		info := apkfacts.Info{{Key: key, Value: "x\nP:openssl"}}
		for _, needed := range []string{"pkgname", "pkgver", "arch"} {
			info = append(info, apkfile.Pair{Key: needed, Value: "1"})
		}
		f := &apkfacts.Facts{Name: "p", Version: "1-r0", Checksum: "Q1p", Info: info}
		err := WriteInstalled(io.Discard, []*apktree.Package{{Facts: f}}, "x86_64")
		if err == nil || !strings.Contains(err.Error(), "has a line break") || !strings.Contains(err.Error(), "package p-1-r0") {
			t.Errorf("%s: %v, want an error about the line break", key, err)
		}
	}
	f := &apkfacts.Facts{Name: "p", Version: "1-r0", Checksum: "Q1\nP:x", Info: apkfacts.Info{{Key: "pkgname", Value: "p"}, {Key: "pkgver", Value: "1"}, {Key: "triggers", Value: "/a"}}}
	if err := WriteInstalled(io.Discard, []*apktree.Package{{Facts: f}}, "x86_64"); err == nil {
		t.Error("a checksum of two lines is written")
	}
	if _, err := Triggers([]*apkfacts.Facts{f}); err == nil {
		t.Error("triggers: a checksum of two lines is written")
	}
	for _, value := range []string{"a\nb", "a\rb", "a\x00"} {
		if _, err := Lines([]string{value}); err == nil {
			t.Errorf("%q is taken as a line", value)
		}
		if world, err := World([]string{value}); err == nil {
			t.Errorf("%q is taken into the world: %q", value, world)
		}
	}
}

// apk writes a field that the package itself states, even if it is empty.
func TestEmptyFields(t *testing.T) {
	f := &apkfacts.Facts{Name: "p", Version: "1-r0", Checksum: "Q1p", Info: apkfacts.Info{
		{Key: "pkgname", Value: "p"}, {Key: "pkgver", Value: "1-r0"}, {Key: "commit"}, {Key: "origin"}, {Key: "maintainer"}, {Key: "replaces"},
	}}
	var out bytes.Buffer
	if err := WriteInstalled(&out, []*apktree.Package{{Facts: f}}, "x86_64"); err != nil {
		t.Fatal(err)
	}
	if want := "C:Q1p\nP:p\nV:1-r0\nS:0\nI:0\nT:\nU:\nL:\no:\nm:\nc:\n\n"; out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
