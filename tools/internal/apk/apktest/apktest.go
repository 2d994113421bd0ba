// Package apktest makes package files for tests, of any entries that a tar can have: hard links, devices and names that
// no builder writes.
package apktest

import (
	"archive/tar"
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// File is one entry of an archive. The header's size is set from the content.
type File struct {
	*tar.Header
	Content string
}

// Regular is a file of root's with mode 0644.
func Regular(name, content string) File {
	return File{&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644}, content}
}

// Stated makes a file, link or device state a checksum, as all builders' packages do.
func (f File) Stated() File {
	text := f.Content
	if f.Typeflag == tar.TypeSymlink {
		text = f.Linkname
	}
	sum := sha1.Sum([]byte(text))
	return f.With("APK-TOOLS.checksum.SHA1", hex.EncodeToString(sum[:]))
}

// With adds a PAX record.
func (f File) With(key, value string) File {
	h := *f.Header
	h.PAXRecords = map[string]string{key: value}
	for k, v := range f.PAXRecords {
		h.PAXRecords[k] = v
	}
	f.Header = &h
	return f
}

// Package makes an unsigned package called name, version 1-r0, for x86_64. info is further lines of .PKGINFO.
func Package(t testing.TB, name, info string, scripts map[string]string, data ...File) []byte {
	t.Helper()
	last := Section(t, true, data...)
	info = fmt.Sprintf("pkgname = %s\npkgver = 1-r0\narch = x86_64\n%sdatahash = %x\n", name, info, sha256.Sum256(last))
	control := []File{Regular(".PKGINFO", info)}
	for script, text := range scripts {
		control = append(control, Regular(script, text))
	}
	return append(Section(t, false, control...), last...)
}

// Section makes a gzipped tar. The end of the archive is left out of all but a package's last section.
func Section(t testing.TB, last bool, files ...File) []byte {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	w := tar.NewWriter(zip)
	for _, f := range files {
		h := *f.Header
		h.Size = int64(len(f.Content))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.Content); err != nil {
			t.Fatal(err)
		}
	}
	end := w.Flush
	if last {
		end = w.Close
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
