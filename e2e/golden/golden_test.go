// Package golden holds the digests of images and packages of every kind, as they were when the list was last changed: a
// digest is what a user's registry and deployments know an image by, so a release that changes one must know that it
// does.
package golden

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

const list = "testdata/digests.txt"

// goImage is the image with a program that the machine's Go compiles.
const goImage = "go"

// UPDATE_GOLDEN=1 writes the list anew.
func TestGolden(t *testing.T) {
	w := newWorkspace(t)
	lock(t, w)
	got := digests(t, w)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(list, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range difference(got, golden(t)) {
		t.Error(d)
	}
}

// golden returns the lines of the list.
func golden(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

// difference tells what changed. Go's programs are compared with those of the same release of Go alone.
func difference(got, want []string) []string {
	var out []string
	known := slices.ContainsFunc(want, func(line string) bool { return strings.HasPrefix(line, goName()+" ") })
	for _, line := range got {
		if !known && strings.HasPrefix(line, goImage+"@") {
			continue
		}
		if !slices.Contains(want, line) {
			out = append(out, "got  "+line)
		}
	}
	for _, line := range want {
		if strings.HasPrefix(line, goImage+"@") && !strings.HasPrefix(line, goName()+" ") {
			continue
		}
		if !slices.Contains(got, line) {
			out = append(out, "want "+line)
		}
	}
	return out
}

func goName() string { return goImage + "@" + runtime.Version() }

// newWorkspace returns the folder "workspace" with the real packages as its repository.
func newWorkspace(t *testing.T) *workspace.Workspace {
	t.Helper()
	shared := workspace.Shared(t)
	files := map[string]string{"apk.lock.json": "", "files.tar": archive(t)}
	tree := os.DirFS("workspace")
	err := fs.WalkDir(tree, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(tree, path)
		files[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	files["apk.yaml"] = fmt.Sprintf("repositories: [%s]\nkeyring: [%s]\n",
		filepath.Join(shared, "apk", "alpine"), filepath.Join(shared, "apk", "keys")) + files["apk.yaml"]
	// An interpreter with several names, and a folder of sources.
	files["thirdparty/python3.11"] = strings.Repeat("python ", 50_000)
	files["static/index.html"], files["static/sub/page.html"] = "index\n", "page\n"
	w := workspace.New(t, files)
	for link, target := range map[string]string{
		"thirdparty/python": "python3", "thirdparty/python3": "python3.11", "static/start.html": "index.html",
	} {
		if err := os.Symlink(target, filepath.Join(w.Dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func lock(t *testing.T, w *workspace.Workspace) {
	t.Helper()
	w.Bazel(t, "run", "@alpine//:lock")
}

// archive is a layer that somebody else made.
func archive(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, h := range []*tar.Header{
		{Name: "opt/", Typeflag: tar.TypeDir, Mode: 0o755, ModTime: time.Unix(1, 0)},
		{Name: "opt/file", Typeflag: tar.TypeReg, Mode: 0o640, Uid: 5, Size: 5, ModTime: time.Unix(2, 0)},
		{Name: "opt/link", Typeflag: tar.TypeSymlink, Linkname: "file", Mode: 0o777, ModTime: time.Unix(3, 0)},
	} {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := w.Write([]byte("hello")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// digests builds everything and returns lines of a name and a digest, sorted.
func digests(t *testing.T, w *workspace.Workspace, flags ...string) []string {
	t.Helper()
	w.Bazel(t, append([]string{"build", "--platforms=//platforms:amd64", "//:all"}, flags...)...)
	query := `kind("^(oci_layout|apk_package|apk_index) rule$", //:all)`
	var lines []string
	for _, label := range strings.Fields(w.Bazel(t, "query", query)) {
		name := strings.TrimPrefix(label, "//:")
		dir := filepath.Join(w.Dir, "bazel-bin", name)
		if _, err := os.Stat(filepath.Join(dir, "oci-layout")); err != nil {
			lines = append(lines, folder(t, name, dir)...)
			continue
		}
		if name == goImage {
			name = goName()
		}
		lines = append(lines, image(t, name, dir)...)
	}
	slices.Sort(lines)
	if len(lines) < 50 {
		t.Fatalf("got %d digests, want those of the workspace's images and packages: %q", len(lines), lines)
	}
	return lines
}

// folder returns a line for each file of a folder.
func folder(t *testing.T, name, dir string) []string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		// Bazel writes an action's arguments beside its output.
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".params") {
			return err
		}
		data, err := os.ReadFile(path)
		lines = append(lines, fmt.Sprintf("%s%s sha256:%x", name, strings.TrimPrefix(path, dir), sha256.Sum256(data)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// image returns a line for the index in a layout, each image and each layer.
func image(t *testing.T, name, dir string) []string {
	t.Helper()
	top, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	outer, err := top.IndexManifest()
	if err != nil || len(outer.Manifests) != 1 {
		t.Fatalf("%s: %v, want one entry", dir, err)
	}
	digest := outer.Manifests[0].Digest
	lines := []string{fmt.Sprintf("%s %s", name, digest)}
	index, err := top.ImageIndex(digest)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range inner.Manifests {
		arch := name + "/" + m.Platform.Architecture
		lines = append(lines, fmt.Sprintf("%s %s", arch, m.Digest))
		lines = append(lines, layers(t, arch, index, m.Digest)...)
	}
	return lines
}

func layers(t *testing.T, name string, index v1.ImageIndex, digest v1.Hash) []string {
	t.Helper()
	image, err := index.Image(digest)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for i, layer := range manifest.Layers {
		lines = append(lines, fmt.Sprintf("%s/%02d %s", name, i, layer.Digest))
	}
	return lines
}
