package ociarchive_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/deployment"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/deployspec"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/deploytest"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/ociarchive"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/ociblob"
)

func images(t *testing.T) (*deployment.Deployment, deploytest.Manifest) {
	t.Helper()
	m := deploytest.New(t).Image("amd64", "one", "two", "one")
	d, err := deployment.Read(&deployspec.Spec{
		Layers: m.Layers, Images: []deployspec.Image{{Descriptor: m.Descriptor, Manifests: []deployspec.Manifest{m.Manifest}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return d, m
}

// entries reads a tar: names in their order, and contents.
func entries(t *testing.T, data []byte) ([]string, map[string][]byte) {
	t.Helper()
	var names []string
	files := map[string][]byte{}
	r := tar.NewReader(bytes.NewReader(data))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names, files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
	}
}

func TestWriteOCI(t *testing.T) {
	d, m := images(t)
	image := d.Images[0].Manifests[0]
	var done int64
	a := ociarchive.Archive{
		Images: []ociarchive.Image{{Manifest: image, Names: []string{"r/x:v1", "r/x:v2"}}}, Blobs: d.Blobs,
		Done: func(n int64) { done += n },
	}
	var out bytes.Buffer
	if err := a.WriteOCI(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	names, files := entries(t, out.Bytes())
	if len(names) != 6 || names[0] != "oci-layout" || names[5] != "index.json" {
		t.Errorf("got %q, want two layers, config and manifest between oci-layout and index.json", names)
	}
	for name, data := range files {
		if hex, ok := strings.CutPrefix(name, "blobs/sha256/"); ok && fmt.Sprintf("%x", sha256.Sum256(data)) != hex {
			t.Errorf("%s has other bytes", name)
		}
	}
	if done != a.Size() || done == 0 {
		t.Errorf("told of %d bytes, want %d", done, a.Size())
	}
	index, err := v1.ParseIndexManifest(bytes.NewReader(files["index.json"]))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, desc := range index.Manifests {
		got = append(got, desc.Digest.String()+" "+desc.Annotations["org.opencontainers.image.ref.name"]+" "+desc.Annotations["io.containerd.image.name"])
	}
	want := fmt.Sprint([]string{m.Digest + " r/x:v1 r/x:v1", m.Digest + " r/x:v2 r/x:v2"})
	if fmt.Sprint(got) != want {
		t.Errorf("got %q, want %s", got, want)
	}

	var again bytes.Buffer
	if err := a.WriteOCI(context.Background(), &again); err != nil || !bytes.Equal(again.Bytes(), out.Bytes()) {
		t.Errorf("the second time it has other bytes, or %v", err)
	}

	skipped := image.Manifest.Layers[0].Digest
	a.Skip = func(digest v1.Hash) bool { return digest == skipped }
	again.Reset()
	if err := a.WriteOCI(context.Background(), &again); err != nil {
		t.Fatal(err)
	}
	if names, _ := entries(t, again.Bytes()); len(names) != 5 || strings.Contains(fmt.Sprint(names), skipped.Hex) {
		t.Errorf("got %q, want the same without %s", names, skipped)
	}
}

func TestWriteDocker(t *testing.T) {
	d, _ := images(t)
	image := d.Images[0].Manifests[0]
	a := ociarchive.Archive{Images: []ociarchive.Image{{Manifest: image, Names: []string{"r/x:v1"}}}, Blobs: d.Blobs}
	var out bytes.Buffer
	if err := a.WriteDocker(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	_, files := entries(t, out.Bytes())
	var list []struct {
		Config           string
		RepoTags, Layers []string
	}
	if err := json.Unmarshal(files["manifest.json"], &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || len(list[0].Layers) != 3 || fmt.Sprint(list[0].RepoTags) != "[r/x:v1]" || !bytes.Equal(files[list[0].Config], image.RawConfig) {
		t.Errorf("got %+v", list)
	}
	for i, name := range list[0].Layers {
		if got := fmt.Sprintf("%x", sha256.Sum256(files[name])); got != image.Manifest.Layers[i].Digest.Hex {
			t.Errorf("layer %d, %s, has digest %s", i, name, got)
		}
	}
}

// A zstd layer becomes a plain tar in a Docker archive.
func TestWriteDockerDecompressesZstd(t *testing.T) {
	plain := bytes.Repeat([]byte("plain tar "), 100000)
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	blob := encoder.EncodeAll(plain, nil)
	desc := v1.Descriptor{MediaType: types.OCILayerZStd, Size: int64(len(blob)), Digest: v1.Hash{Algorithm: "sha256", Hex: fmt.Sprintf("%x", sha256.Sum256(blob))}}
	path := t.TempDir() + "/blob"
	if err := os.WriteFile(path, blob, 0o644); err != nil {
		t.Fatal(err)
	}
	var store ociblob.Store
	store.AddFile(desc.Digest, path, 0)
	manifest := &deployment.Manifest{Manifest: &v1.Manifest{Layers: []v1.Descriptor{desc}}, RawConfig: []byte("{}")}
	var done int64
	a := ociarchive.Archive{Images: []ociarchive.Image{{Manifest: manifest}}, Blobs: &store, Done: func(n int64) { done += n }}
	var out bytes.Buffer
	if err := a.WriteDocker(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	if _, files := entries(t, out.Bytes()); !bytes.Equal(files[desc.Digest.Hex+".tar"], plain) {
		t.Errorf("got files %d, want the plain tar", len(files))
	}
	if done != desc.Size {
		t.Errorf("told of %d bytes, want the blob's %d once", done, desc.Size)
	}
}

func TestWriteOfChangedLayer(t *testing.T) {
	d, m := images(t)
	if err := os.Truncate(m.Layers[1].Blob, 30); err != nil {
		t.Fatal(err)
	}
	a := ociarchive.Archive{Images: []ociarchive.Image{{Manifest: d.Images[0].Manifests[0]}}, Blobs: d.Blobs}
	for name, write := range map[string]func(context.Context, io.Writer) error{"oci": a.WriteOCI, "docker": a.WriteDocker} {
		var corrupt *ociblob.CorruptError
		if err := write(context.Background(), io.Discard); !errors.As(err, &corrupt) {
			t.Errorf("%s: got %v, want a *CorruptError", name, err)
		}
	}
}
