package deployment_test

import (
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/deployment"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/deployspec"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/deploytest"
	"github.com/rules-apk/rules_apk/tools/internal/oci/layerspec"
)

func TestRead(t *testing.T) {
	files := deploytest.New(t)
	amd64 := files.Image("amd64", "one", "two")
	arm64 := files.Image("arm64", "one", "three")
	index := files.Index(arm64, amd64)
	image := func(m deploytest.Manifest) deployspec.Image {
		return deployspec.Image{Descriptor: m.Descriptor, Manifests: []deployspec.Manifest{m.Manifest}, Repository: "r.example.com/x"}
	}
	multi := deployspec.Image{Descriptor: index.Descriptor, Index: index.Index, Manifests: []deployspec.Manifest{amd64.Manifest, arm64.Manifest}}
	for _, test := range []struct {
		name   string
		change func(*deployspec.Image)
		want   string
	}{
		{"single", func(m *deployspec.Image) { *m = image(amd64) }, ""},
		{"index", func(*deployspec.Image) {}, ""},
		{"index lacks a manifest", func(m *deployspec.Image) { m.Manifests = m.Manifests[:1] }, "which is none of the given ones"},
		{"manifest too many", func(m *deployspec.Image) {
			m.Manifests = append(m.Manifests, files.Image("riscv64", "four").Manifest)
		}, "does not name the given manifest"},
		{"wrong descriptor", func(m *deployspec.Image) { *m = image(amd64); m.Descriptor = arm64.Descriptor }, "which is none of the given ones"},
		{"wrong index", func(m *deployspec.Image) { m.Index = files.Index(amd64).Index }, ".index.json: it ends after "},
		{"wrong config", func(m *deployspec.Image) { m.Manifests[0].Config = arm64.Config }, "but the manifest wants sha256:"},
		{"not a manifest", func(m *deployspec.Image) { m.Manifests[0].Manifest = files.Write("text", "text") }, "manifest " + files.Dir},
		{"not built", func(m *deployspec.Image) { m.Manifests[0].Manifest = "/nonexistent" }, "build the target again"},
		{"bad mount_from", func(m *deployspec.Image) { m.MountFrom = []string{"UPPER"} }, "mount_from: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := multi
			m.Manifests = append([]deployspec.Manifest{}, multi.Manifests...)
			test.change(&m)
			d, err := deployment.Read(&deployspec.Spec{Images: []deployspec.Image{m}})
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want %q", err, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := d.Images[0]
			if len(got.Manifests) != len(m.Manifests) {
				t.Fatalf("got %d manifests, want %d", len(got.Manifests), len(m.Manifests))
			}
			if first := got.Manifests[0].Descriptor.Platform.Architecture; m.Index != "" && first != "arm64" {
				t.Errorf("the first manifest is for %s, want that of the index, arm64", first)
			}
			if n := len(got.Manifests[0].Descriptors()); n != 3 {
				t.Errorf("got %d blobs, want two layers and a config", n)
			}
		})
	}
}

func TestReadLayers(t *testing.T) {
	files := deploytest.New(t)
	m := files.Image("amd64", "one")
	for _, test := range []struct {
		name, want string
		layer      layerspec.Layer
	}{
		{"inline", "", m.Layers[0]},
		{"not a descriptor", `layers[0]: layer descriptor: `, layerspec.Layer{Descriptor: []byte(`{"x":1}`), Blob: "b"}},
		{"no file", "layers[0]: open /nonexistent", layerspec.Layer{DescriptorFile: "/nonexistent", Blob: "b"}},
	} {
		spec := deployspec.Spec{Images: []deployspec.Image{{Descriptor: m.Descriptor, Manifests: []deployspec.Manifest{m.Manifest}}}, Layers: []layerspec.Layer{test.layer}}
		_, err := deployment.Read(&spec)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), test.want)) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}
