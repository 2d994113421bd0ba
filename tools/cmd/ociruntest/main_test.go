package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/oci/ocidoc"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ociimage"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
	"github.com/rules-apk/rules_apk/tools/internal/test/runtest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// writeLayout writes the layout of an image that no machine that this is tested on can run.
func writeLayout(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	var blob bytes.Buffer
	w, err := ocilayer.NewWriter(&blob)
	must(t, err)
	must(t, w.Add(&tar.Header{Name: "a", Typeflag: tar.TypeReg, Mode: 0o644}, nil))
	desc, err := w.Close("a")
	must(t, err)
	file := filepath.Join(dir, "blob")
	must(t, os.WriteFile(file, blob.Bytes(), 0o644))
	image, err := ociimage.Build(ociimage.Request{Platform: v1.Platform{OS: "linux", Architecture: "s390x"}, Layers: []ocilayer.Descriptor{desc}})
	must(t, err)
	documents, err := ocidoc.BuiltImage(image.Manifest, image.Config)
	must(t, err)
	l := ociimage.Layout{Root: image.Descriptor, Images: []*ocidoc.Image{documents}, Blobs: []ociimage.Blob{{Layer: desc, File: file}}}
	must(t, l.Write(filepath.Join(dir, "layout")))
	return filepath.Join(dir, "layout")
}

// A test that runs nothing does not succeed, unless it says that it may.
func TestWithoutRuntime(t *testing.T) {
	t.Setenv("PATH", "")
	for _, skip := range []bool{false, true} {
		text, err := json.Marshal(spec{Layout: writeLayout(t), Command: []string{"/a"}, Expect: &runtest.Expectation{}, Skip: skip})
		must(t, err)
		program := filepath.Join(t.TempDir(), "test")
		must(t, os.WriteFile(program+".ociruntest.json", text, 0o644))
		var out strings.Builder
		err = run(context.Background(), program, &out)
		if skip {
			if err != nil || !strings.HasPrefix(out.String(), "SKIPPED: nothing was run and nothing was tested: no container runtime works here (") {
				t.Errorf("it may be skipped: got %v and %q", err, out.String())
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), "no container runtime works here (") || !strings.Contains(err.Error(), "skip_without_runtime") {
			t.Errorf("got %v and %q, want a failure with the way out", err, out.String())
		}
	}
}

func TestOpenImageVerifies(t *testing.T) {
	dir := writeLayout(t)
	image, err := openImage(context.Background(), dir)
	must(t, err)
	layers, err := image.Layers()
	must(t, err)
	read := func() error {
		r, err := layers[0].Compressed()
		must(t, err)
		defer r.Close()
		_, err = io.Copy(io.Discard, r)
		return err
	}
	must(t, read())
	digest, err := layers[0].Digest()
	must(t, err)
	path := filepath.Join(dir, "blobs", "sha256", digest.Hex)
	data, err := os.ReadFile(path)
	must(t, err)
	data[4] ^= 1
	must(t, os.WriteFile(path, data, 0o644))
	if err := read(); err == nil || !strings.Contains(err.Error(), ", want sha256:") {
		t.Errorf("changed layer: got %v", err)
	}
	manifest, err := image.Digest()
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "blobs", "sha256", manifest.Hex), []byte("{}"), 0o644))
	if _, err := openImage(context.Background(), dir); err == nil || !strings.Contains(err.Error(), "fetch the layout again") {
		t.Errorf("changed manifest: got %v", err)
	}
}
