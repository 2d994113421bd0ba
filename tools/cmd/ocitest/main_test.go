package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/oci/layerspec"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ociimage"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
	"github.com/rules-apk/rules_apk/tools/internal/test/imagetest"
)

// fixture is a folder with the spec of a test, called "test", and what it names.
type fixture struct {
	t    *testing.T
	dir  string
	spec spec
}

func (f *fixture) write(name string, data []byte) string {
	f.t.Helper()
	path := filepath.Join(f.dir, name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		f.t.Fatal(err)
	}
	return path
}

// layer adds a layer with one empty file and returns its descriptor and its blob.
func (f *fixture) layer(file string) (ocilayer.Descriptor, string) {
	f.t.Helper()
	var blob bytes.Buffer
	w, err := ocilayer.NewWriter(&blob)
	if err != nil {
		f.t.Fatal(err)
	}
	if err := w.Add(&tar.Header{Name: file, Typeflag: tar.TypeReg, Mode: 0o644}, nil); err != nil {
		f.t.Fatal(err)
	}
	desc, err := w.Close(file)
	if err != nil {
		f.t.Fatal(err)
	}
	text, err := desc.JSON()
	if err != nil {
		f.t.Fatal(err)
	}
	path := f.write(file+".tar.gz", blob.Bytes())
	f.spec.Layers = append(f.spec.Layers, layerspec.Layer{DescriptorFile: f.write(file+".json", text), Blob: path})
	return desc, path
}

func (f *fixture) image(architecture string, layers ...ocilayer.Descriptor) {
	f.t.Helper()
	image, err := ociimage.Build(ociimage.Request{Platform: v1.Platform{OS: "linux", Architecture: architecture}, Layers: layers})
	if err != nil {
		f.t.Fatal(err)
	}
	f.spec.Images = append(f.spec.Images, specImage{
		Manifest: f.write(architecture+".manifest.json", image.Manifest),
		Config:   f.write(architecture+".config.json", image.Config),
	})
}

func (f *fixture) run() (string, error) {
	f.t.Helper()
	text, err := json.Marshal(f.spec)
	if err != nil {
		f.t.Fatal(err)
	}
	f.write("test.ocitest.json", text)
	var out strings.Builder
	err = run(context.Background(), []string{filepath.Join(f.dir, "test")}, &out)
	return out.String(), err
}

func TestEveryImageOfAnIndex(t *testing.T) {
	f := &fixture{t: t, dir: t.TempDir(), spec: spec{Expect: &imagetest.Expectation{Files: []string{"/both", "/only"}}}}
	both, _ := f.layer("both")
	only, _ := f.layer("only")
	f.image("amd64", both, only)
	if out, err := f.run(); err != nil {
		t.Fatalf("the image that has both: %v\n%s", err, out)
	}
	f.image("arm64", both)
	out, err := f.run()
	if err == nil || out != "linux/arm64: /only is not there\n" {
		t.Errorf("got %v and %q, want the image that lacks a file named", err, out)
	}
}

// A test that reads other bytes than the image has says nothing of the image.
func TestLayersAreVerified(t *testing.T) {
	f := &fixture{t: t, dir: t.TempDir(), spec: spec{Expect: &imagetest.Expectation{Files: []string{"/a"}}}}
	a, path := f.layer("a")
	f.image("amd64", a)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[4] ^= 1 // the modification time in gzip's header, which changes no content
	f.write("a.tar.gz", data)
	if out, err := f.run(); err == nil || !strings.Contains(err.Error(), ", want sha256:") {
		t.Errorf("got %v and %q, want an error about the digest", err, out)
	}
}

func TestNothingToTest(t *testing.T) {
	f := &fixture{t: t, dir: t.TempDir(), spec: spec{Expect: &imagetest.Expectation{}}}
	if _, err := f.run(); err == nil || !strings.Contains(err.Error(), "has no image") {
		t.Errorf("got %v, want an error about a spec without an image", err)
	}
}
