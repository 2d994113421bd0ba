package ocilayout

import (
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/rules-apk/rules_apk/tools/internal/verified"
)

// FuzzList gives a layout an index.json of its own, and one blob that it may name.
func FuzzList(f *testing.F) {
	index := `{"schemaVersion":2,"manifests":[{"mediaType":"` + string(types.OCIImageIndex) + `","size":2,"digest":"` + verified.DigestOf("{}") + `"}]}`
	f.Add([]byte(index), []byte("{}"))
	f.Add([]byte(`{"manifests":null}`), []byte(index))
	dir := f.TempDir()
	blobs := filepath.Join(dir, "blobs", "sha256")
	if err := os.MkdirAll(blobs, 0o755); err != nil {
		f.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "oci-layout"), nil, 0o644); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, index, blob []byte) {
		digest, err := v1.NewHash(verified.DigestOf(blob))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(blobs, digest.Hex)
		for name, data := range map[string][]byte{filepath.Join(dir, "index.json"): index, path: blob} {
			if err := os.WriteFile(name, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		defer os.Remove(path)
		images, err := List(dir)
		if err != nil {
			return
		}
		for _, image := range images {
			if verified.DigestOf(image.RawManifest().String()) != image.Digest.String() {
				t.Errorf("%s is listed with another manifest", image.Digest)
			}
		}
	})
}
