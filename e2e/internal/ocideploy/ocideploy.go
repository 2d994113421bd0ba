// Package ocideploy runs the project's own ocideploy on OCI layouts.
package ocideploy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
)

// Binary is the built program.
type Binary struct{ path string }

// Build builds ocideploy.
func Build(t testing.TB) Binary {
	t.Helper()
	root, err := filepath.Abs("../..")
	for err == nil && !exists(filepath.Join(root, "tools/cmd/ocideploy")) {
		if root == "/" {
			t.Fatal("tools/cmd/ocideploy is nowhere above the test")
		}
		root = filepath.Dir(root)
	}
	return Binary{program.Build(t, root, "./tools/cmd/ocideploy")}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Command is a call of ocideploy with a home of its own.
func (b Binary) Command(home string, args ...string) program.Command {
	return program.Command{Name: b.path, Args: args, Env: []string{"HOME=" + home, "DOCKER_CONFIG=", "REGISTRY_AUTH_FILE=", "XDG_RUNTIME_DIR="}}
}

// Spec writes a deploy spec for what is in an OCI layout directory, an image or an index, and returns its path.
func Spec(t testing.TB, dir, command, repository string, tags ...string) string {
	t.Helper()
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	top, err := index.IndexManifest()
	if err != nil || len(top.Manifests) != 1 {
		t.Fatalf("layout %s: %v, %d entries, want one", dir, err, len(top.Manifests))
	}
	root := top.Manifests[0]
	blob := func(digest v1.Hash) string { return filepath.Join(dir, "blobs", "sha256", digest.Hex) }
	manifests := []v1.Descriptor{root}
	image := map[string]any{"repository": repository, "tags": tags}
	if root.MediaType.IsIndex() {
		image["index"] = blob(root.Digest)
		var list v1.IndexManifest
		read(t, blob(root.Digest), &list)
		manifests = list.Manifests
	}
	var files []map[string]string
	for _, desc := range manifests {
		var manifest v1.Manifest
		read(t, blob(desc.Digest), &manifest)
		files = append(files, map[string]string{"manifest": blob(desc.Digest), "config": blob(manifest.Config.Digest)})
	}
	image["manifests"] = files
	image["descriptor"] = write(t, root)
	return write(t, map[string]any{"version": 1, "command": command, "images": []any{image}, "layouts": []string{dir}})
}

func read(t testing.TB, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "deploy.json")
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
