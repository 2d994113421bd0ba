// Package image makes small images for tests, around a program built on the spot, and writes them as OCI layouts.
package image

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
)

// File is one entry of a layer: a symbolic link if Link is set, a directory if Name ends with a slash.
type File struct {
	Name, Link string
	Mode       int64
	Body       []byte
}

// Layer makes a gzip layer of files, in their order.
func Layer(t testing.TB, files ...File) v1.Layer {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, f := range files {
		header := &tar.Header{Name: f.Name, Linkname: f.Link, Mode: f.Mode, Size: int64(len(f.Body)), Typeflag: tar.TypeReg}
		switch {
		case f.Link != "":
			header.Typeflag = tar.TypeSymlink
		case f.Name[len(f.Name)-1] == '/':
			header.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.Body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(buf.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		t.Fatal(err)
	}
	return layer
}

// New makes an OCI image for linux/arch of layers; entrypoint may be empty.
func New(t testing.TB, arch string, entrypoint []string, layers ...v1.Layer) v1.Image {
	t.Helper()
	image := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	image = mutate.ConfigMediaType(image, types.OCIConfigJSON)
	image, err := mutate.AppendLayers(image, layers...)
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Config.Entrypoint = "linux", arch, entrypoint
	if image, err = mutate.ConfigFile(image, config); err != nil {
		t.Fatal(err)
	}
	return image
}

// Index makes an OCI index of images.
func Index(t testing.TB, images ...v1.Image) v1.ImageIndex {
	t.Helper()
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, image := range images {
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: config.Platform()}})
	}
	return index
}

// Write writes an image or an index as a new OCI layout and returns its directory.
func Write(t testing.TB, content mutate.Appendable) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "layout")
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	switch content := content.(type) {
	case v1.ImageIndex:
		err = path.AppendIndex(content)
	case v1.Image:
		err = path.AppendImage(content)
	default:
		t.Fatalf("cannot write a %T", content)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// Program compiles a Go main package, given as source, for linux/arch and returns the static binary.
func Program(t testing.TB, arch, source string) []byte {
	t.Helper()
	program.Require(t, "go")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	build := program.Command{
		Name: "go", Args: []string{"build", "-trimpath", "-ldflags=-s -w", "-o", "main", "main.go"}, Dir: dir,
		Env: []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=" + arch, "GOWORK=off", "GOFLAGS="},
	}
	if r := build.Run(t); r.Err != nil {
		t.Fatal(r)
	}
	binary, err := os.ReadFile(filepath.Join(dir, "main"))
	if err != nil {
		t.Fatal(err)
	}
	return binary
}
