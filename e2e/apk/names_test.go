package apk

import (
	"archive/tar"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/realapk"
	"github.com/rules-apk/rules_apk/e2e/internal/tarapk"
)

// record is what a name must not put into apk's database: a package that nobody installed.
const record = "\nZ:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\nC:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:openssl\nV:9.9.9-r0\nA:x86_64\nF:etc\nR:z"

// badNames are entries that no image may have, with what ocibuild says, and apk: nothing where it would make a file of
// the name, which in an image is a whiteout.
func badNames() map[string]struct {
	entries   []tarapk.Entry
	ours, apk string
} {
	dir := tarapk.Entry{Header: tar.Header{Typeflag: tar.TypeDir, Name: "usr/", Mode: 0o755}}
	file := func(name string) []tarapk.Entry {
		return []tarapk.Entry{dir, {Header: tar.Header{Name: name, Mode: 0o644}, Content: "x"}}
	}
	folder := func(name string) []tarapk.Entry {
		return []tarapk.Entry{dir, {Header: tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755}}}
	}
	link := func(target string, more ...tarapk.Entry) []tarapk.Entry {
		return append([]tarapk.Entry{dir, {Header: tar.Header{Typeflag: tar.TypeLink, Name: "usr/l", Linkname: target, Mode: 0o644}}}, more...)
	}
	return map[string]struct {
		entries   []tarapk.Entry
		ours, apk string
	}{
		"record":       {file("usr/x" + record), `\nP:openssl\nV:9.9.9-r0\nA:x86_64\nF:etc\nR:z" has the control character 0x0a`, "ignoring malicious file"},
		"record-dir":   {folder("usr/x" + record + "/"), `R:z/" has the control character 0x0a`, "ignoring malicious file"},
		"delete":       {file("usr/a\x7fb"), "has the control character 0x7f", "ignoring malicious file"},
		"dots":         {file("usr/../x"), `has the part ".."`, "ignoring malicious file"},
		"absolute":     {file("/usr/x"), "is absolute", "ignoring malicious file"},
		"long":         {file("usr/" + strings.Repeat("x", 256)), "has a part of more than 255 bytes", "failed to rename"},
		"opaque":       {append(folder(".wh..opq/"), file(".wh..opq/x")[1:]...), `path ".wh..opq/" has a part that starts with ".wh."`, ""},
		"whiteout":     {file("usr/.wh.bin"), `path "usr/.wh.bin" has a part that starts with ".wh."`, ""},
		"link-nowhere": {link("usr/none"), "usr/l: it is a hard link to usr/none, which is no file that the package has before it", "no hard link target (usr/none) in archive"},
		"link-later":   {link("usr/y", file("usr/y")[1]), "usr/l: it is a hard link to usr/y, which is no file", "no hard link target (usr/y) in archive"},
		"link-dir":     {link("usr"), "usr/l: it is a hard link to usr, which is no file", "no hard link target (usr) in archive"},
	}
}

// Names that would forge a record of the database, hide what is in the image, or cannot be unpacked, are refused by
// name, package and rule, where the real apk refuses them, too, or where an image cannot have them.
func TestNamesThatForgeOrHide(t *testing.T) {
	b := newBench(t)
	for name, c := range badNames() {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(b.dir, name+"-1-r0.apk")
			tarapk.Write(t, file, tarapk.Package{Name: name, Entries: c.entries})
			facts := filepath.Join(b.dir, name+".facts")
			r := program.Command{Name: b.ocibuild, Args: []string{"facts", "--apk=" + file, "--facts-out=" + facts}}.Run(t)
			if r.Err == nil || !strings.Contains(r.Stderr, c.ours) || !strings.Contains(r.Stderr, "package "+name+"-1-r0") {
				t.Errorf("want an error with %q and the package, got %s", c.ours, r)
			}
			t.Log(r.Stderr)
			if _, err := os.Stat(facts); err == nil {
				t.Error("there are facts")
			}
			if c.apk == "" {
				return
			}
			repository := b.repository(t, name, tarapk.Package{Name: name, Entries: c.entries})
			root := "/root-" + name
			b.apk.Run(t, "add", "--initdb", "--root", root, "--arch", realapk.Arch, "--no-network")
			r = b.apk.Try(t, append(append([]string{"add"}, realapk.Flags(root, repository)...), name)...)
			if r.Err == nil || !strings.Contains(r.Stdout+r.Stderr, c.apk) {
				t.Errorf("want apk to say %q, got %s", c.apk, r)
			}
		})
	}
}
