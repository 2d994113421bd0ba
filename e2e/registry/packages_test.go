package registry

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/ocideploy"
	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/registry"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

// pkg is what is needed here of a package in a lock.
type pkg struct {
	Name, Version, Arch, Layer, URL string
	DiffID                          string `json:"diff_id"`
	Sections                        struct{ Data [2]int64 }
}

// An image of real packages: the pushed layers are ranges of .apk files, and each is proven to be what the distribution
// signed.
func TestRealPackages(t *testing.T) {
	shared := filepath.Join(workspace.Shared(t), "apk")
	root := workspace.Checkout(t)
	apklock, ocibuild := program.Build(t, root, "./tools/cmd/apklock"), program.Build(t, root, "./tools/cmd/ocibuild")
	deploy := ocideploy.Build(t)
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	put := func(name string, text string) {
		t.Helper()
		if err := os.WriteFile(in(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("apk.yaml", fmt.Sprintf("repositories: [%s/alpine]\nkeyring: [%s/keys]\narchs: [x86_64]\npackages: [busybox, openssl]\n", shared, shared))
	program.Run(t, apklock, "lock", "--config="+in("apk.yaml"), "--lock="+in("apk.lock.json"))
	text, err := os.ReadFile(in("apk.lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	var lock struct{ Packages []pkg }
	if err := json.Unmarshal(text, &lock); err != nil || len(lock.Packages) < 5 {
		t.Fatalf("got %d packages, %v", len(lock.Packages), err)
	}

	manifest := []string{"manifest", "--platform=linux/amd64", "--manifest-out=" + in("manifest.json"), "--config-out=" + in("config.json"), "--image-out=" + in("image.json")}
	var layers []map[string]any
	for i, p := range lock.Packages {
		desc := map[string]any{
			"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": p.Layer, "diff_id": p.DiffID,
			"size": p.Sections.Data[1], "offset": p.Sections.Data[0], "name": p.Name + "-" + p.Version,
		}
		line, err := json.Marshal(desc)
		if err != nil {
			t.Fatal(err)
		}
		manifest = append(manifest, "--layer="+string(line))
		file := filepath.Join(shared, "alpine", p.Arch, p.Name+"-"+p.Version+".apk")
		layer := map[string]any{"descriptor": desc, "blob": file}
		if i == 0 {
			// A package that was never downloaded comes from where the lock says.
			layer = map[string]any{"descriptor": desc, "blob": "/nonexistent/" + p.Name + ".apk", "urls": []string{"file://" + file}}
		}
		layers = append(layers, layer)
	}
	program.Run(t, ocibuild, manifest...)
	r := registry.Build(t).Start(t, registry.Options{})
	spec, err := json.Marshal(map[string]any{"version": 1, "command": "push", "layers": layers, "images": []any{map[string]any{
		"descriptor": in("image.json"), "repository": r.Host + "/alpine", "tags": []string{"latest"},
		"manifests": []any{map[string]any{"manifest": in("manifest.json"), "config": in("config.json")}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	put("deploy.json", string(spec))
	pushed := deploy.Command(dir, "push", "--spec="+in("deploy.json")).Run(t)
	if pushed.Err != nil {
		t.Fatal(pushed)
	}

	verify := func(args ...string) program.Result {
		t.Helper()
		return program.Command{Name: apklock, Args: append([]string{"verify", "--config=" + in("apk.yaml")}, args...), Env: []string{"HOME=" + dir}}.Run(t)
	}
	all := fmt.Sprintf("%d of %d layers are packages' own bytes", len(layers), len(layers))
	for _, ref := range []string{strings.TrimSpace(pushed.Stdout), r.Host + "/alpine:latest"} {
		verified := verify(ref, "--lock="+in("apk.lock.json"), "--keyring", filepath.Join(shared, "keys"))
		if verified.Err != nil || !strings.Contains(verified.Stdout, all) || strings.Count(verified.Stdout, "package, proven by alpine-devel@") != len(layers) {
			t.Errorf("want every layer proven, got %s", verified)
		}
	}
	// Without a keyring it is the lock's word; a lock of other packages knows none.
	locked := verify(r.Host+"/alpine", "--lock="+in("apk.lock.json"))
	if locked.Err != nil || strings.Count(locked.Stdout, "package, as locked") != len(layers) {
		t.Error(locked)
	}
	t.Run("layout", func(t *testing.T) {
		program.Require(t, "skopeo")
		program.Run(t, "skopeo", "copy", "--src-tls-verify=false", "docker://"+r.Host+"/alpine:latest", "oci:"+in("layout"))
		layout := verify(in("layout"), "--lock="+in("apk.lock.json"))
		if layout.Err != nil || !strings.Contains(layout.Stdout, all) {
			t.Error(layout)
		}
	})
	// A lock edited by hand: the signature does not bear it out.
	put("apk.lock.json", strings.Replace(string(text), lock.Packages[0].DiffID, lock.Packages[1].DiffID, 1))
	edited := verify(r.Host+"/alpine", "--lock="+in("apk.lock.json"))
	if edited.Code != 1 || !strings.Contains(edited.Stdout, "BAD: the config says its diff_id is ") {
		t.Errorf("want the wrong diff_id named, got %s", edited)
	}
}
