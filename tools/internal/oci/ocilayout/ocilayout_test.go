package ocilayout

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	ociConfig   = types.OCIConfigJSON
	ociManifest = types.OCIManifestSchema1
)

// layoutDir is an OCI layout that a test fills.
type layoutDir struct {
	t   *testing.T
	dir string
}

func newLayout(t *testing.T) layoutDir {
	l := layoutDir{t, t.TempDir()}
	l.write("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`))
	return l
}

func (l layoutDir) write(name string, data []byte) {
	l.t.Helper()
	path := filepath.Join(l.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		l.t.Fatal(err)
	}
}

func (l layoutDir) blob(mediaType types.MediaType, content any) v1.Descriptor {
	l.t.Helper()
	data, err := json.Marshal(content)
	if err != nil {
		l.t.Fatal(err)
	}
	digest, size, err := v1.SHA256(strings.NewReader(string(data)))
	if err != nil {
		l.t.Fatal(err)
	}
	l.write("blobs/sha256/"+digest.Hex, data)
	return v1.Descriptor{MediaType: mediaType, Digest: digest, Size: size}
}

// image adds an image of that name for "OS/ARCH[/VARIANT]"; its descriptor names no platform.
func (l layoutDir) image(name, platform string, configType, manifestType types.MediaType) v1.Descriptor {
	p, err := v1.ParsePlatform(platform)
	if err != nil {
		l.t.Fatal(err)
	}
	config := l.blob(configType, v1.ConfigFile{Author: name, OS: p.OS, Architecture: p.Architecture, Variant: p.Variant})
	return l.blob(manifestType, v1.Manifest{SchemaVersion: 2, MediaType: manifestType, Config: config})
}

func (l layoutDir) index(list ...v1.Descriptor) v1.IndexManifest {
	return v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: list}
}

func (l layoutDir) top(list ...v1.Descriptor) {
	l.t.Helper()
	data, err := json.Marshal(l.index(list...))
	if err != nil {
		l.t.Fatal(err)
	}
	l.write("index.json", data)
}

func with(d v1.Descriptor, platform string) v1.Descriptor {
	d.Platform, _ = v1.ParsePlatform(platform)
	return d
}

func TestSelect(t *testing.T) {
	for _, test := range []struct {
		name, platform string
		fill           func(layoutDir)
		want           string // the image's name, or what the error says
	}{
		{"single image", "linux/amd64", func(l layoutDir) { l.top(l.image("a", "linux/amd64", ociConfig, ociManifest)) }, "a"},
		{"Docker's types", "linux/amd64", func(l layoutDir) {
			l.top(l.image("a", "linux/amd64", types.DockerConfigJSON, types.DockerManifestSchema2))
		}, "a"},
		{"index in the index", "linux/arm64", func(l layoutDir) {
			l.top(l.blob(types.DockerManifestList, l.index(
				with(l.image("a", "linux/amd64", ociConfig, ociManifest), "linux/amd64"),
				with(l.image("b", "linux/arm64", ociConfig, ociManifest), "linux/arm64/v8"))))
		}, "b"},
		{"exact variant first", "linux/arm/v7", func(l layoutDir) {
			l.top(l.image("a", "linux/arm", ociConfig, ociManifest), l.image("b", "linux/arm/v6", ociConfig, ociManifest),
				l.image("c", "linux/arm/v7", ociConfig, ociManifest))
		}, "c"},
		{"open variant", "linux/arm/v7", func(l layoutDir) {
			l.top(l.image("a", "linux/arm", ociConfig, ociManifest), l.image("b", "linux/arm/v6", ociConfig, ociManifest))
		}, "a"},
		{"two tags of one image", "linux/amd64", func(l layoutDir) {
			d := l.image("a", "linux/amd64", ociConfig, ociManifest)
			l.top(d, d)
		}, "a"},
		{"attestation and artifact", "linux/amd64", func(l layoutDir) {
			l.top(with(l.image("attestation", "linux/amd64", ociConfig, ociManifest), "unknown/unknown"),
				l.image("artifact", "linux/amd64", "application/vnd.example.config.v1+json", ociManifest),
				l.image("a", "linux/amd64", ociConfig, ociManifest))
		}, "a"},
		{"other platform", "linux/s390x", func(l layoutDir) {
			l.top(l.image("a", "linux/amd64", ociConfig, ociManifest), l.image("b", "linux/arm/v7", ociConfig, ociManifest))
		}, "it has no image for linux/s390x, only for linux/amd64, linux/arm/v7; build for"},
		{"two images", "linux/amd64", func(l layoutDir) {
			l.top(l.image("a", "linux/amd64", ociConfig, ociManifest), l.image("b", "linux/amd64", ociConfig, ociManifest))
		}, "it has 2 images for linux/amd64, want one: sha256:"},
		{"empty", "linux/amd64", func(l layoutDir) { l.top() }, "it has no image at all, want one for linux/amd64"},
		{"changed", "linux/amd64", func(l layoutDir) {
			d := l.image("a", "linux/amd64", ociConfig, ociManifest)
			l.write("blobs/sha256/"+d.Digest.Hex, bytes.Repeat([]byte(" "), int(d.Size)))
			l.top(d)
		}, "want sha256:"},
		{"cut", "linux/amd64", func(l layoutDir) {
			d := l.image("a", "linux/amd64", ociConfig, ociManifest)
			l.write("blobs/sha256/"+d.Digest.Hex, []byte("{}"))
			l.top(d)
		}, "fetch the layout again"},
		{"missing", "linux/amd64", func(l layoutDir) {
			d := l.image("a", "linux/amd64", ociConfig, ociManifest)
			if err := os.Remove(filepath.Join(l.dir, "blobs/sha256", d.Digest.Hex)); err != nil {
				l.t.Fatal(err)
			}
			l.top(d)
		}, "no such file or directory; fetch the layout again"},
		{"huge", "linux/amd64", func(l layoutDir) {
			d := l.image("a", "linux/amd64", ociConfig, ociManifest)
			d.Size = 1 << 40
			l.top(d)
		}, "a document of an image has at most 4194304"},
		{"no digest", "linux/amd64", func(l layoutDir) {
			l.write("index.json", []byte(`{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.index.v1+json"}]}`))
		}, "manifests[0]: digest is missing"},
		{"endless index.json", "linux/amd64", func(l layoutDir) {
			l.write("index.json", bytes.Repeat([]byte(" "), 5<<20))
		}, "it has 4194305 bytes, want at most 4194304"},
		{"deep", "linux/amd64", func(l layoutDir) {
			d := l.image("a", "linux/amd64", ociConfig, ociManifest)
			for range 10 {
				d = l.blob(types.OCIImageIndex, l.index(d))
			}
			l.top(d)
		}, "nested more than 8 deep"},
		{"no index", "linux/amd64", func(layoutDir) {}, "index.json: no such file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLayout(t)
			test.fill(l)
			platform, err := v1.ParsePlatform(test.platform)
			if err != nil {
				t.Fatal(err)
			}
			image, err := Select(l.dir, *platform)
			got := fmt.Sprint(err)
			if err == nil {
				var config v1.ConfigFile
				if err := json.Unmarshal(image.RawConfig().Copy(), &config); err != nil {
					t.Fatal(err)
				}
				got = config.Author
			}
			if err == nil && got != test.want || !strings.Contains(got, test.want) {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestNoLayout(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, file, filepath.Join(dir, "none")} {
		if _, err := Select(path, v1.Platform{}); err == nil || !strings.Contains(err.Error(), "no file oci-layout") {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

// Each index lists the one below it twice: to read them all without knowing them again would take 2^8 reads.
func TestReadOnce(t *testing.T) {
	l := newLayout(t)
	d := l.image("a", "linux/amd64", ociConfig, ociManifest)
	for range 8 {
		d = l.blob(types.OCIImageIndex, l.index(d, d))
	}
	l.top(d, d)
	images, err := List(l.dir)
	if err != nil || len(images) != 1 {
		t.Errorf("got %d images, %v, want one", len(images), err)
	}
}

func TestTooMany(t *testing.T) {
	l := newLayout(t)
	image := l.image("a", "linux/amd64", ociConfig, ociManifest)
	var all []v1.Descriptor
	for n := range maxImages + 1 {
		index := l.index(image)
		index.Annotations = map[string]string{"n": fmt.Sprint(n)}
		all = append(all, l.blob(types.OCIImageIndex, index))
	}
	l.top(all...)
	if _, err := List(l.dir); err == nil || !strings.Contains(err.Error(), "it has more than 4096 images and indexes") {
		t.Errorf("got %v", err)
	}
}
