package ocidoc

import (
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/verified"
)

// FuzzImage looks for documents that take a reader down. What is read has the digests that it names, and can be
// described.
func FuzzImage(f *testing.F) {
	f.Add([]byte(manifest(config)), []byte(config))
	f.Add([]byte(`{"schemaVersion":2,"config":{"mediaType":"m","size":2,"digest":"`+verified.DigestOf("{}")+`"},"layers":[]}`), []byte("{}"))
	f.Fuzz(func(t *testing.T, manifestText, configText []byte) {
		image, err := BuiltImage(manifestText, configText)
		if err != nil {
			return
		}
		m := image.Manifest()
		if m.Config.Digest.String() != verified.DigestOf(configText) || len(m.Layers) != len(image.Config().RootFS.DiffIDs) {
			t.Errorf("the manifest names %s, the config is %s", m.Config.Digest, verified.DigestOf(configText))
		}
		if _, err := image.Descriptor(); err != nil {
			t.Error(err)
		}
	})
}

// FuzzConfig gives configs to a manifest that names them: the digest is right, whatever they are.
func FuzzConfig(f *testing.F) {
	f.Add([]byte(config))
	f.Add([]byte(`{"config":{"Healthcheck":{"Test":[]},"Volumes":{"/":{}}},"history":[{"created":"2020-01-01T00:00:00Z"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if image, err := BuiltImage([]byte(manifest(string(text))), text); err == nil {
			image.Config().Platform()
		}
	})
}

// FuzzIndex looks for indexes that take a reader down.
func FuzzIndex(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[` + layer + `]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		index, err := Index(verified.Trust(text, "fuzz"))
		if err != nil {
			return
		}
		for _, d := range index.Manifests {
			if d.Size < 0 || len(d.Digest.Hex) != 64 || d.Digest.Algorithm != "sha256" {
				t.Errorf("took %+v", d)
			}
		}
	})
}
