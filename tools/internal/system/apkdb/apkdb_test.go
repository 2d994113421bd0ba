package apkdb

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktree"
)

// The checksum is what apk 2.14 wrote for the attribute user.foo=bar.
func TestInstalled(t *testing.T) {
	b := &apkfacts.Facts{Name: "B", Version: "1-r0", Arch: "noarch", Checksum: "Q1b", Size: 12, Info: apkfacts.Info{
		{Key: "pkgname", Value: "B"}, {Key: "pkgver", Value: "1-r0"}, {Key: "arch", Value: "noarch"},
		{Key: "size", Value: "34"}, {Key: "replaces", Value: "x"}, {Key: "replaces_priority", Value: "7"},
	}, Entries: []apkfacts.Entry{
		{Path: "d", Type: apkfacts.Dir, Mode: 0o755},
		{Path: "d/e", Type: apkfacts.Dir, Mode: 0o2700, UID: 5, GID: 6},
		{Path: "d/e/f", Mode: 0o644, Checksum: "Q1f", Xattrs: map[string][]byte{"user.foo": []byte("bar")}},
		{Path: "d/late", Mode: 0o644, Checksum: "Q1late", Unstated: true},
		{Path: "root", Type: apkfacts.Symlink, Mode: 0o777, Checksum: "Q1root"},
		{Path: ".dummy", Mode: 0o644, Checksum: "Q1dummy"},
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
	if got := string(Triggers([]*apkfacts.Facts{f})); got != "Q1p /a/* /b\n" {
		t.Errorf("triggers are %q", got)
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
