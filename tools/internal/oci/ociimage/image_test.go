package ociimage

import (
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/oci/ocidoc"
)

var amd64 = v1.Platform{OS: "linux", Architecture: "amd64"}

func TestMergeConfig(t *testing.T) {
	base := v1.Config{
		Entrypoint: []string{"/old"}, Cmd: []string{"old"}, Env: []string{"A=1", "B=2"},
		Labels: map[string]string{"l": "1", "k": "1"}, User: "root", WorkingDir: "/w",
	}
	got := mergeConfig(base, v1.Config{Entrypoint: []string{"/new"}, Env: []string{"C=3", "A=4"}, Labels: map[string]string{"l": "2"}})
	if len(got.Cmd) != 0 {
		t.Errorf("Cmd is %q: the base's command survived a new entrypoint", got.Cmd)
	}
	if env := strings.Join(got.Env, " "); env != "A=4 B=2 C=3" {
		t.Errorf("Env is %q, want A=4 B=2 C=3", env)
	}
	if got.Labels["l"] != "2" || got.Labels["k"] != "1" || base.Labels["l"] != "1" {
		t.Errorf("labels are %v, those of the base %v", got.Labels, base.Labels)
	}
	if got.User != "root" || got.WorkingDir != "/w" {
		t.Errorf("User %q, WorkingDir %q, want the base's", got.User, got.WorkingDir)
	}
	if got := mergeConfig(base, v1.Config{Cmd: []string{"new"}}); got.Entrypoint[0] != "/old" || got.Cmd[0] != "new" {
		t.Errorf("got entrypoint %q and command %q, want /old and new", got.Entrypoint, got.Cmd)
	}
}

func TestExpandEnv(t *testing.T) {
	base := []string{"PATH=/usr/bin:/bin", "EMPTY="}
	got, err := expandEnv([]string{"PATH=/opt/bin:$PATH", "A=${PATH}$EMPTY!", "B=$$PATH 5$"}, base)
	want := []string{"PATH=/opt/bin:/usr/bin:/bin", "A=/usr/bin:/bin!", "B=$PATH 5$"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if _, err := expandEnv([]string{"A=$HOME"}, base); err == nil || !strings.Contains(err.Error(), "no variable HOME") {
		t.Errorf("got %v, want the missing variable named", err)
	}
}

func built(t *testing.T, manifest, config []byte) *ocidoc.Image {
	t.Helper()
	image, err := ocidoc.BuiltImage(manifest, config)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// Bases made by Docker: other media types, history that does not fit.
func TestBuildUponADockerImage(t *testing.T) {
	const hash = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	config := []byte(`{"architecture":"amd64","os":"linux","container":"x","docker_version":"1","config":{"Image":"y"},"rootfs":{"type":"layers","diff_ids":["` + hash + `"]},"history":[{"created_by":"a","empty_layer":true}]}`)
	manifest := []byte(`{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":1,"digest":"` + digestOf(config).String() + `"},"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":5,"digest":"` + hash + `"}]}`)
	image, err := Build(Request{Platform: amd64, Base: built(t, manifest, config), Created: time.Unix(0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	if s := string(image.Manifest); strings.Contains(s, "docker") || !strings.Contains(s, `"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","size":5`) {
		t.Errorf("manifest %s names Docker's types", s)
	}
	if s := string(image.Config); !strings.Contains(s, "layer of the base image") || strings.Contains(s, "docker_version") || strings.Contains(s, `"Image"`) {
		t.Errorf("config is %s", s)
	}

	foreign := strings.Replace(string(manifest), "image.rootfs.diff.tar.gzip", "plugin", 1)
	if _, err := Build(Request{Platform: amd64, Base: built(t, []byte(foreign), config)}); err == nil || !strings.Contains(err.Error(), "want a layer's") {
		t.Errorf("error is %v, want one about the layer's type", err)
	}
}

func TestImageFromNothing(t *testing.T) {
	image, err := Build(Request{Platform: amd64, Created: time.Unix(1, 0)})
	if err != nil {
		t.Fatal(err)
	}
	// null instead of [] is what strict readers refuse.
	if s := string(image.Manifest); !strings.Contains(s, `"layers":[]`) {
		t.Errorf("manifest is %s, want an empty list of layers", s)
	}
	if s := string(image.Config); !strings.Contains(s, `"diff_ids":[]`) {
		t.Errorf("config is %s, want an empty list of diff_ids", s)
	}
}
