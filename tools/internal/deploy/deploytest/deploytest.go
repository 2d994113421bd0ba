// Package deploytest makes the files that a deploy spec names, for tests.
package deploytest

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/deployspec"
	"github.com/rules-apk/rules_apk/tools/internal/oci/layerspec"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ociimage"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
)

// T is what is wanted of a test: *testing.T has it, and a script's test can.
type T interface {
	Helper()
	Fatal(args ...any)
	TempDir() string
	Cleanup(func())
}

// Files is a directory of documents and layers.
type Files struct {
	t   T
	Dir string
	n   int
}

// New makes an empty directory.
func New(t T) *Files { return &Files{t: t, Dir: t.TempDir()} }

// Manifest is an image's files.
type Manifest struct {
	deployspec.Manifest
	Descriptor string // path of its image descriptor
	Digest     string
	Layers     []layerspec.Layer
	descriptor v1.Descriptor
}

// Index is an index's files.
type Index struct{ Index, Descriptor, Digest string }

// Write writes a new file and returns its path.
func (f *Files) Write(name, text string) string {
	f.t.Helper()
	f.n++
	path := filepath.Join(f.Dir, fmt.Sprintf("%d.%s", f.n, name))
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		f.t.Fatal(err)
	}
	return path
}

// Layer makes a gzip layer with one file of that content. It lies in its blob file behind a few other bytes, as a
// package's data section does.
func (f *Files) Layer(content string) (ocilayer.Descriptor, layerspec.Layer) {
	f.t.Helper()
	var buf bytes.Buffer
	w, err := ocilayer.NewWriter(&buf)
	f.must(err)
	f.must(w.Add(&tar.Header{Name: "file-" + content[:min(8, len(content))], Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(content))}, bytes.NewReader([]byte(content))))
	desc, err := w.Close("layer-" + content[:min(8, len(content))])
	f.must(err)
	desc.Offset = 7
	text, err := desc.JSON()
	f.must(err)
	blob := f.Write("apk", "control"+buf.String()+"more")
	return desc, layerspec.Layer{Descriptor: json.RawMessage(bytes.TrimSpace(text)), Blob: blob}
}

// Image makes an image for linux/arch with a layer for each of contents.
func (f *Files) Image(arch string, contents ...string) Manifest {
	f.t.Helper()
	request := ociimage.Request{Platform: v1.Platform{OS: "linux", Architecture: arch}, Created: time.Unix(0, 0)}
	var m Manifest
	for _, content := range contents {
		desc, layer := f.Layer(content)
		request.Layers = append(request.Layers, desc)
		m.Layers = append(m.Layers, layer)
	}
	image, err := ociimage.Build(request)
	f.must(err)
	text, err := ociimage.EncodeDescriptor(image.Descriptor)
	f.must(err)
	m.Manifest.Manifest = f.Write("manifest.json", string(image.Manifest))
	m.Config = f.Write("config.json", string(image.Config))
	m.Descriptor = f.Write("descriptor.json", string(text))
	m.descriptor, m.Digest = image.Descriptor, image.Descriptor.Digest.String()
	return m
}

// Index makes an index of images.
func (f *Files) Index(images ...Manifest) Index {
	f.t.Helper()
	var descs []v1.Descriptor
	for _, m := range images {
		descs = append(descs, m.descriptor)
	}
	index, err := ociimage.BuildIndex(descs, nil)
	f.must(err)
	text, err := ociimage.EncodeDescriptor(index.Descriptor)
	f.must(err)
	return Index{f.Write("index.json", string(index.Index)), f.Write("descriptor.json", string(text)), index.Descriptor.Digest.String()}
}

func (f *Files) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}
