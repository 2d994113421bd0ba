package ocidoc

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/verified"
)

const (
	digest = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" // of "hello"
	layer  = `{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","size":5,"digest":"` + digest + `"}`
	config = `{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["` + digest + `"]}}`
)

func manifest(configText string) string {
	return `{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":1,"digest":"` +
		verified.DigestOf(configText) + `"},"layers":[` + layer + `]}`
}

func TestBuiltImage(t *testing.T) {
	image, err := BuiltImage([]byte(manifest(config)), []byte(config))
	if err != nil {
		t.Fatal(err)
	}
	desc, err := image.Descriptor()
	if err != nil || desc.Platform.String() != "linux/amd64" || desc.Digest.String() != verified.DigestOf(manifest(config)) ||
		desc.MediaType != "application/vnd.oci.image.manifest.v1+json" {
		t.Errorf("got %+v, %v", desc, err)
	}
	image.Manifest().Layers[0].Size = 7
	image.Config().OS = "plan9"
	if image.Manifest().Layers[0].Size != 5 || image.Config().OS != "linux" {
		t.Error("who reads an image can change it")
	}
	for _, test := range []struct{ name, manifest, config, want string }{
		{"other config", manifest(config), config + " ", "image config: digest is sha256:"},
		{"diff_ids", manifest(`{}`), `{}`, "got 0 diff_ids, but the manifest has 1 layers"},
		{"no JSON", `[`, config, "image manifest: "},
		{"more", manifest(config) + "{}", config, "it has more after the first JSON value"},
		{"config with more", manifest(config + "{}"), config + "{}", "image config: it has more"},
		{"no config", `{"schemaVersion":2}`, config, "config: digest is missing"},
		{"an index", strings.Replace(manifest(config), "{", `{"mediaType":"application/vnd.oci.image.index.v1+json",`, 1), config, "want that of an image"},
		{"negative", strings.Replace(manifest(config), `"size":5`, `"size":-5`, 1), config, "layers[0]: size is -5"},
		{"other hash", strings.Replace(manifest(config), digest, "sha512:00", 1), config, "unsupported hash"},
		{"long", strings.Repeat(" ", MaxSize+1), config, "want at most 4194304"},
	} {
		if _, err := BuiltImage([]byte(test.manifest), []byte(test.config)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hello")
	if err := os.WriteFile(path, []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	hash, err := v1.NewHash(digest)
	if err != nil {
		t.Fatal(err)
	}
	other := v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("0", 64)}
	for _, test := range []struct {
		name string
		desc v1.Descriptor
		want string
	}{
		{"right", v1.Descriptor{Digest: hash, Size: 5}, ""},
		{"shorter", v1.Descriptor{Digest: hash, Size: 4}, "it has more than 4 bytes"},
		{"longer", v1.Descriptor{Digest: hash, Size: 6}, "it ends after 5 bytes, want 6"},
		{"another", v1.Descriptor{Digest: other, Size: 5}, "want sha256:0000"},
		{"huge", v1.Descriptor{Digest: hash, Size: MaxSize + 1}, "at most 4194304"},
		{"negative", v1.Descriptor{Digest: hash, Size: -1}, "size is -1"},
		{"none", v1.Descriptor{}, "digest is missing"},
	} {
		b, err := ReadFile(path, test.desc)
		switch {
		case test.want == "" && (err != nil || b.String() != "hello"):
			t.Errorf("%s: got %q, %v", test.name, b, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}

func TestIndex(t *testing.T) {
	for text, want := range map[string]string{
		`{"schemaVersion":2,"manifests":[` + layer + `]}`:                                                          "",
		`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[` + layer + `]}`: "want that of an index",
		`{"manifests":[{"size":1}]}`: "manifests[0]: digest is missing",
		`7`:                          "cannot unmarshal",
	} {
		_, err := Index(verified.Trust([]byte(text), "test"))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
