package deb

import (
	"archive/tar"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/debtest"
)

var hello = debtest.Deb{
	Name:    "hello",
	Control: "Package: hello\nVersion: 1.0-1\nArchitecture: amd64\n",
	Files: []tar.Header{
		{Name: "./"}, {Name: "./usr/"}, {Name: "./usr/bin/"}, {Name: "./usr/bin/hello", Mode: 0o4755},
		{Name: "./usr/bin/hi", Linkname: "hello"},
		{Name: "./usr/bin/hey", Linkname: "./usr/bin/hello", Typeflag: tar.TypeLink},
		{Name: "./var/mail/", Mode: 0o2775, Gid: 8, Uname: "root", Gname: "mail"},
	},
	Bodies:  map[string]string{"./usr/bin/hello": "#!\n"},
	ModTime: 1_700_000_000,
}

func TestUnpack(t *testing.T) {
	for _, compression := range []string{"", ".gz", ".xz", ".zst"} {
		d := hello
		d.Compression = compression
		p, err := Unpack(d.Write(t), t.TempDir())
		if err != nil {
			t.Fatalf("%q: %v", compression, err)
		}
		if p.Control["Package"] != "hello" || p.Modified != hello.ModTime || len(p.Entries) != 6 {
			t.Fatalf("%q: got %+v", compression, p)
		}
		file, link, hard, mail := p.Entries[2], p.Entries[3], p.Entries[4], p.Entries[5]
		if body, err := os.ReadFile(file.File); err != nil || string(body) != "#!\n" || file.Mode != 0o755|fs.ModeSetuid {
			t.Errorf("file: %+v, %q, %v", file, body, err)
		}
		if link.Link != "hello" || link.Mode.Type() != fs.ModeSymlink {
			t.Errorf("link: %+v", link)
		}
		if hard.File != file.File || hard.Path != "usr/bin/hey" {
			t.Errorf("hard link: %+v", hard)
		}
		if mail.Mode != fs.ModeDir|fs.ModeSetgid|0o775 || mail.GID != 8 || mail.Gname != "mail" {
			t.Errorf("directory: %+v", mail)
		}
	}
}

func TestUnpackRefuses(t *testing.T) {
	noVersion, device := hello, hello
	noVersion.Control = "Package: hello\nArchitecture: amd64\n"
	device.Files = []tar.Header{{Name: "./dev/null", Typeflag: tar.TypeChar}}
	text := filepath.Join(t.TempDir(), "text.deb")
	if err := os.WriteFile(text, []byte("<html>not found</html>"), 0o644); err != nil {
		t.Fatal(err)
	}
	cut := hello.Write(t)
	if err := os.Truncate(cut, 100); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		noVersion.Write(t): "no field Version",
		device.Write(t):    `./dev/null: has the type '3'`,
		text:               "not a .deb",
		cut:                "hello.deb: ",
	} {
		if _, err := Unpack(name, t.TempDir()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
