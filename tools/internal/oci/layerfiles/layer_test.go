package layerfiles

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
)

// write makes files below a new folder: "name" or "name*" to be run, "name -> target" a link.
func write(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		name, target, isLink := strings.Cut(name, " -> ")
		name, isProgram := strings.CutSuffix(name, "*")
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if isLink {
			if err := os.Symlink(target, path); err != nil {
				t.Fatal(err)
			}
			continue
		}
		mode := os.FileMode(0o440)
		if isProgram {
			mode = 0o555
		}
		if err := os.WriteFile(path, []byte(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// list returns what is in a tar, one line each.
func list(t *testing.T, r io.Reader) []string {
	t.Helper()
	var lines []string
	for archive := tar.NewReader(r); ; {
		h, err := archive.Next()
		if err == io.EOF {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf("%s %04o %d:%d %d", h.Name, h.Mode, h.Uid, h.Gid, h.ModTime.Unix())
		if h.Linkname != "" {
			line += " -> " + h.Linkname
		}
		if len(content) > 0 {
			line += " " + string(content)
		}
		lines = append(lines, line)
	}
}

func TestWrite(t *testing.T) {
	single := write(t, "program*")
	outside := write(t, "real*")
	tree := write(t, "bin/run*", "data.txt", "link -> bin/run", "z -> "+filepath.Join(outside, "real"))
	layer := &Layer{Name: "app", Compression: ocilayer.Gzip, ModTime: time.Unix(7, 0), Entries: []*Entry{
		{Path: "/usr/share/tree", UID: 5, GID: 6, File: tree},
		{Path: "/usr/bin/program", Mode: "4755", File: filepath.Join(single, "program")},
		{Path: "/etc/plain", File: filepath.Join(single, "program")},
		{Path: "/a", Link: "usr/bin/program"},
		{Path: "/var/lib/app/", Mode: "0700", UID: 1},
	}}
	var out bytes.Buffer
	d, err := layer.Write(&out)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"a 0777 0:0 7 -> usr/bin/program",
		"etc/plain 0644 0:0 7 program",
		"usr/bin/program 4755 0:0 7 program",
		"usr/share/tree/ 0755 5:6 7",
		"usr/share/tree/bin/ 0755 5:6 7",
		"usr/share/tree/bin/run 0755 5:6 7 bin/run",
		"usr/share/tree/data.txt 0644 5:6 7 data.txt",
		"usr/share/tree/link 0777 5:6 7 -> bin/run",
		"usr/share/tree/z 0755 5:6 7 real",
		"var/lib/app/ 0700 1:0 7",
	}
	zip, err := gzip.NewReader(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if got := list(t, zip); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if d.Name != "app" || d.Size != int64(out.Len()) {
		t.Errorf("descriptor is %+v", d)
	}

	slices.Reverse(layer.Entries)
	var again bytes.Buffer
	if _, err := layer.Write(&again); err != nil || !bytes.Equal(out.Bytes(), again.Bytes()) {
		t.Errorf("entries in another order give another layer (%v)", err)
	}

	layer.Compression = ocilayer.Zstd
	out.Reset()
	if d, err = layer.Write(&out); err != nil || !strings.HasSuffix(string(d.MediaType), "+zstd") {
		t.Fatalf("%v: descriptor is %+v", err, d)
	}
	unzstd, err := zstd.NewReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	if got := list(t, unzstd); !slices.Equal(got, want) {
		t.Errorf("zstd: got\n%s", strings.Join(got, "\n"))
	}
}

func TestWriteErrors(t *testing.T) {
	dir := write(t, "f", "tree/f")
	outside := write(t, "sub/f")
	linked := write(t, "d -> "+filepath.Join(outside, "sub"))
	file := filepath.Join(dir, "f")
	for want, entries := range map[string][]*Entry{
		"layer app: two entries have the path a, want one":   {{Path: "/a", File: file}, {Path: "a", Link: "b"}},
		"layer app: two entries have the path a/f, want one": {{Path: "a", File: filepath.Join(dir, "tree")}, {Path: "a/f", File: file}},
		"layer app: /a: mode is \"9\", want octal digits up to 7777": {
			{Path: "/a", Mode: "9", File: file},
		},
		"layer app: /a: stat " + dir + "/none: no such file or directory": {{Path: "/a", File: filepath.Join(dir, "none")}},
		"layer app: t: t/d is a link to the directory " + linked + "/d outside of its tree": {
			{Path: "t", File: linked},
		},
	} {
		l := &Layer{Name: "app", Compression: ocilayer.Gzip, Entries: entries}
		if _, err := l.Write(io.Discard); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := (&Layer{Compression: "lzma"}).Write(io.Discard); err == nil || !strings.Contains(err.Error(), "want gzip or zstd") {
		t.Errorf("lzma: got %v", err)
	}
}

func TestParseEntry(t *testing.T) {
	for text, good := range map[string]bool{
		`{"path":"/a/b","mode":"0644"}`: true,
		`{"path":"a/"}`:                 true,
		`{"path":"/"}`:                  false,
		`{"path":"/a/../b"}`:            false,
		`{"path":"/a//b"}`:              false,
		`{"path":"/a","colour":"red"}`:  false,
	} {
		if _, err := ParseEntry([]byte(text)); (err == nil) != good {
			t.Errorf("%s: got %v", text, err)
		}
	}
}
