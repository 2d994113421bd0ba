package apkfile_test

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/test/realpackages"
)

// FuzzRead reads packages: what is read without an error has the checksum and the
// datahash that vouch for it, and its sections fill the file.
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
