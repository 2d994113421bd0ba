// Package tarapk writes packages as abuild does, out of any entries that a tar can have: for tests with files that
// builders seldom ship.
package tarapk

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"testing"
)

// Package is what Write writes: an unsigned package, version 1-r0, for x86_64.
type Package struct {
	Name string
	// Info is further lines of .PKGINFO.
	Info    string
	Entries []Entry
	// Data, if set, is the whole tar of the package's files, instead of Entries.
	Data []byte
}

// Entry is a file, or anything else. Its size and checksum are set from the content.
type Entry struct {
	tar.Header
	Content string
}

// Write writes the package to a file.
func Write(t testing.TB, file string, p Package) {
	t.Helper()
	data := p.Data
	if data == nil {
		data = archive(t, true, p.Entries)
	}
	compressed := compress(t, data)
	info := fmt.Sprintf("pkgname = %s\npkgver = 1-r0\npkgdesc = %s\nurl = none\nbuilddate = 1700000000\nsize = 1\narch = x86_64\nlicense = MIT\n%sdatahash = %x\n",
		p.Name, p.Name, p.Info, sha256.Sum256(compressed))
	control := archive(t, false, []Entry{{Header: tar.Header{Name: ".PKGINFO", Mode: 0o644}, Content: info}})
	if err := os.WriteFile(file, append(compress(t, control), compressed...), 0o644); err != nil {
		t.Fatal(err)
	}
}

func archive(t testing.TB, data bool, entries []Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := e.Header
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		h.Size = int64(len(e.Content))
		h.Format = tar.FormatPAX
		if data && h.Typeflag != tar.TypeDir {
			state(&h, e.Content)
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatalf("%s: %v", h.Name, err)
		}
		if _, err := io.WriteString(w, e.Content); err != nil {
			t.Fatal(err)
		}
	}
	end := w.Flush // the control section has no end of the archive
	if data {
		end = w.Close
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// state adds the checksum that abuild-tar puts before files and symlinks.
func state(h *tar.Header, content string) {
	switch h.Typeflag {
	case tar.TypeSymlink:
		content = h.Linkname
	case tar.TypeReg:
	default:
		return
	}
	sum := sha1.Sum([]byte(content))
	records := map[string]string{"APK-TOOLS.checksum.SHA1": hex.EncodeToString(sum[:])}
	for k, v := range h.PAXRecords {
		records[k] = v
	}
	h.PAXRecords = records
}

func compress(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
