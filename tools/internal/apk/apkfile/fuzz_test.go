package apkfile_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/test/realpackages"
)

// FuzzRead reads packages: what is read without an error has the checksum and the datahash that vouch for it, and its
// sections fill the file.
func FuzzRead(f *testing.F) {
	p := helloPackage()
	f.Add(build(f, p))
	p.Signer, _ = newSigner(f, "test.rsa.pub", apksign.RSASHA256)
	f.Add(build(f, p))
	for _, path := range realpackages.Files(f, "*/*.apk", 10_000) {
		content, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		read, err := apkfile.Read(bytes.NewReader(file), apkfile.Built(), func(_ *tar.Header, r io.Reader) error {
			_, err := io.Copy(io.Discard, io.LimitReader(r, 1<<20))
			return err
		})
		if (read == nil) == (err == nil) {
			t.Fatalf("file %v and error %v", read, err)
		}
		if err != nil {
			return
		}
		if read.Data.End() != int64(len(file)) || read.Control.Offset != read.Signature.End() || read.Data.Offset != read.Control.End() {
			t.Errorf("sections %v %v %v of %d bytes", read.Signature, read.Control, read.Data, len(file))
		}
		if got := sha(file[read.Data.Offset:]); got != read.LayerDigest || "sha256:"+read.Info.Value("datahash") != got {
			t.Errorf("layer %s, read %s, stated %s", got, read.LayerDigest, read.Info.Value("datahash"))
		}
		if _, err := apkfile.Read(bytes.NewReader(file), apkfile.Locked(read.Checksum, sha(file)), nil); err != nil {
			t.Errorf("by its own digests: %v", err)
		}
	})
}

// FuzzSections reads packages of any tars: changing bytes of a compressed file hardly ever gets behind gzip's
// checksums.
func FuzzSections(f *testing.F) {
	p := helloPackage()
	apk := build(f, p)
	file, err := apkfile.Read(bytes.NewReader(apk), apkfile.Built(), nil)
	if err != nil {
		f.Fatal(err)
	}
	plain := func(s apkfile.Section) []byte {
		r, err := gzip.NewReader(bytes.NewReader(apk[s.Offset:s.End()]))
		if err != nil {
			f.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			f.Fatal(err)
		}
		return content
	}
	f.Add(plain(file.Control), plain(file.Data))
	f.Add(tarOf(f, ".PKGINFO", "pkgname = p\npkgver = 1\n"), tarOf(f, "usr/x", "x"))
	f.Fuzz(func(t *testing.T, control, data []byte) {
		layer := stored(data)
		sum := fmt.Sprintf("%x", sha256.Sum256(layer))
		control = bytes.ReplaceAll(control, []byte(file.Info.Value("datahash")), []byte(sum))
		first := stored(control)
		read, err := apkfile.Read(bytes.NewReader(append(first, layer...)), apkfile.Built(), func(_ *tar.Header, r io.Reader) error {
			_, err := io.Copy(io.Discard, io.LimitReader(r, 1<<20))
			return err
		})
		if err != nil {
			return
		}
		if read.LayerDigest != "sha256:"+sum || read.Info.Value("datahash") != sum || read.DiffID != sha(data) {
			t.Errorf("layer %s, diff id %s, datahash %s; want %s", read.LayerDigest, read.DiffID, read.Info.Value("datahash"), sum)
		}
		for name := range read.Scripts {
			if name[0] != '.' || strings.Contains(name, "/") {
				t.Errorf("script %q", name)
			}
		}
	})
}

// stored is a gzip stream that compresses nothing.
func stored(plain []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.NoCompression)
	w.Write(plain)
	w.Close()
	return b.Bytes()
}

func tarOf(t testing.TB, name, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(content)), Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, content)
	w.Flush()
	return b.Bytes()
}
