// Package debtest makes small .deb files for tests.
package debtest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/blakesmith/ar"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// Deb is what a .deb is made of.
type Deb struct {
	Name        string // of the file, without .deb
	Control     string
	Files       []tar.Header // a name that ends in "/" is a directory; one with a Linkname a symbolic link
	Bodies      map[string]string
	Compression string // ".gz", ".xz", ".zst" or "" of data.tar
	ModTime     int64
}

// Write makes the file in a new folder and returns its path.
func (d Deb) Write(t testing.TB) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), d.Name+".deb")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := ar.NewWriter(f)
	if err := w.WriteGlobalHeader(); err != nil {
		t.Fatal(err)
	}
	member := func(name string, data []byte) {
		if err := w.WriteHeader(&ar.Header{Name: name, Mode: 0o644, Size: int64(len(data)), ModTime: time.Unix(0, 0)}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	member("debian-binary", []byte("2.0\n"))
	controlTar := Tar(t, d.ModTime, []tar.Header{{Name: "./"}, {Name: "./control"}, {Name: "./postinst"}},
		map[string]string{"./control": d.Control, "./postinst": "exit 1\n"})
	member("control.tar.gz", Compress(t, ".gz", controlTar))
	member("data.tar"+d.Compression, Compress(t, d.Compression, Tar(t, d.ModTime, d.Files, d.Bodies)))
	return name
}

// Tar makes a tar of files, root's unless a header says otherwise.
func Tar(t testing.TB, modTime int64, files []tar.Header, bodies map[string]string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, h := range files {
		switch {
		case h.Typeflag != 0:
		case h.Linkname != "":
			h.Typeflag = tar.TypeSymlink
		case h.Name[len(h.Name)-1] == '/':
			h.Typeflag = tar.TypeDir
		default:
			h.Typeflag = tar.TypeReg
		}
		if h.Mode == 0 {
			h.Mode = map[byte]int64{tar.TypeDir: 0o755, tar.TypeSymlink: 0o777}[h.Typeflag]
			if h.Mode == 0 {
				h.Mode = 0o644
			}
		}
		if h.Uname == "" {
			h.Uname, h.Gname = "root", "root"
		}
		h.Size, h.ModTime = int64(len(bodies[h.Name])), time.Unix(modTime, 0)
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, bodies[h.Name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// Compress compresses data the way a file name's extension says.
func Compress(t testing.TB, extension string, data []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	var w io.WriteCloser
	var err error
	switch extension {
	case "":
		return data
	case ".gz":
		w = gzip.NewWriter(&buf)
	case ".xz":
		w, err = xz.NewWriter(&buf)
	case ".zst":
		w, err = zstd.NewWriter(&buf)
	default:
		t.Fatalf("unknown extension %s", extension)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}
