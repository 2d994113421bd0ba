// Package alpine builds the Alpine example out of real packages, from outside, through the public API only, and runs
// what comes of it.
package alpine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"go.yaml.in/yaml/v3"

	"github.com/rules-apk/rules_apk/e2e/internal/image"
	"github.com/rules-apk/rules_apk/e2e/internal/runc"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

const module = `
apk = use_extension("@rules_apk//apk:extensions.bzl", "apk")
apk.lock(name = "alpine", config = "//:apk.yaml", lock = "//:apk.lock.json")
use_repo(apk, "alpine")
`

const platforms = `
platform(name = "amd64", constraint_values = ["@platforms//os:linux", "@platforms//cpu:x86_64"])
platform(name = "arm64", constraint_values = ["@platforms//os:linux", "@platforms//cpu:aarch64"])
`

// example is the workspace that examples/alpine is meant to be copied into, on the repository and keys in shared
// instead of Alpine's mirror.
func example(t *testing.T, shared string) *workspace.Workspace {
	t.Helper()
	dir := filepath.Join(workspace.Checkout(t), "examples", "alpine")
	build, err := os.ReadFile(filepath.Join(dir, "BUILD.bazel"))
	if err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(filepath.Join(dir, "apk.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]any{}
	if err := yaml.Unmarshal(config, settings); err != nil {
		t.Fatal(err)
	}
	settings["repositories"] = []string{filepath.Join(shared, "apk", "alpine")}
	settings["keyring"] = []string{filepath.Join(shared, "apk", "keys")}
	if config, err = yaml.Marshal(settings); err != nil {
		t.Fatal(err)
	}
	return workspace.New(t, map[string]string{
		"MODULE.bazel": module, "BUILD.bazel": string(build), "apk.yaml": string(config), "apk.lock.json": "",
		"platforms/BUILD.bazel": platforms,
	})
}

// lockedPackage is what the test needs of a package in the lock.
type lockedPackage struct {
	Name, Version, Arch, URL, Layer string
	DiffID                          string `json:"diff_id"`
	Sections                        map[string][2]int64
}

func TestExample(t *testing.T) {
	shared := workspace.Shared(t)
	w := example(t, shared)

	// Without a lock: what needs it is left out, with a message; asked for by name, it is an error. Both name the
	// command; the error through the name of a constraint, which cannot hold the colon of @alpine//:lock.
	if r := w.Try(t, "build", "//..."); r.Err != nil || !strings.Contains(r.Stderr, "bazel run @alpine//:lock") {
		t.Fatalf("want a message that names the command, got %s", r)
	}
	if r := w.Try(t, "build", "//:image"); r.Err == nil || !strings.Contains(r.Stderr, "[bazel run @alpine]") {
		t.Fatalf("want an error that names the command, got %s", r)
	}
	w.Bazel(t, "run", "@alpine//:lock")
	lock := w.Read(t, "apk.lock.json")
	var locked struct{ Packages []lockedPackage }
	if err := json.Unmarshal([]byte(lock), &locked); err != nil {
		t.Fatal(err)
	}
	w.Bazel(t, "run", "@alpine//:lock")
	if again := w.Read(t, "apk.lock.json"); again != lock {
		t.Error("a second lock is not the same")
	}

	layouts := map[string]string{}
	for _, arch := range []string{"amd64", "arm64"} {
		layouts[arch] = layout(t, w, arch)
	}
	t.Run("layers are the packages' own bytes", func(t *testing.T) { testLayers(t, w, layouts, locked.Packages) })
	t.Run("runs", func(t *testing.T) {
		t.Run("amd64", func(t *testing.T) { testRun(t, layouts["amd64"], "amd64", names(locked.Packages, "x86_64")) })
		t.Run("arm64", func(t *testing.T) { testRun(t, layouts["arm64"], "arm64", names(locked.Packages, "aarch64")) })
	})
	t.Run("actions", func(t *testing.T) { testActions(t, w, names(locked.Packages, "x86_64")) })
	t.Run("attributes", func(t *testing.T) { testAttributes(t, w, shared, locked.Packages) })
	t.Run("program of glibc", func(t *testing.T) { testGlibc(t, w) })
	t.Run("same digest", func(t *testing.T) { testSameDigest(t, w, layouts["amd64"]) })
	t.Run("unknown arch", func(t *testing.T) {
		w.Write(t, "platforms/BUILD.bazel", platforms+`
platform(name = "s390x", constraint_values = ["@platforms//os:linux", "@platforms//cpu:s390x"])
`)
		r := w.Try(t, "build", "--platforms=//platforms:s390x", "//:image")
		for _, want := range []string{"alpine", "s390x", "x86_64"} {
			if r.Err == nil || !strings.Contains(r.Stderr, want) {
				t.Errorf("want an error with %q, got %s", want, r)
			}
		}
	})
}

// layout builds the image's OCI layout for arch and returns a copy of it.
func layout(t *testing.T, w *workspace.Workspace, arch string, flags ...string) string {
	t.Helper()
	args := append([]string{"--platforms=//platforms:" + arch, "--output_groups=oci_layout"}, flags...)
	w.Bazel(t, append([]string{"build", "//:image"}, args...)...)
	// cquery must be given the configuration of the build.
	out := w.Bazel(t, append([]string{"cquery", "--output=files", "//:image"}, args...)...)
	files := strings.Fields(out)
	if len(files) != 1 {
		t.Fatalf("output group oci_layout holds %q, want one folder", files)
	}
	// bazel-out in the workspace follows the newest build's output base.
	dir := filepath.Join(t.TempDir(), "layout")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(w.Dir, files[0]))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func names(packages []lockedPackage, arch string) []string {
	var names []string
	for _, p := range packages {
		if p.Arch == arch {
			names = append(names, p.Name)
		}
	}
	slices.Sort(names)
	return names
}

// testLayers checks, for every package: digest in the manifest = datahash in the package = SHA-256 of the byte range.
func testLayers(t *testing.T, w *workspace.Workspace, layouts map[string]string, packages []lockedPackage) {
	ociArch := map[string]string{"x86_64": "amd64", "aarch64": "arm64"}
	for apkArch, arch := range ociArch {
		image, err := image.FromLayout(layouts[arch], arch)
		if err != nil {
			t.Fatal(err)
		}
		manifest, err := image.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		diffIDs := map[string]string{}
		for i, layer := range manifest.Layers {
			diffIDs[layer.Digest.String()] = config.RootFS.DiffIDs[i].String()
		}
		seen := 0
		for _, p := range packages {
			if p.Arch != apkArch {
				continue
			}
			seen++
			path := filepath.Join(w.Dir, p.URL)
			if filepath.IsAbs(p.URL) {
				path = p.URL
			}
			apk, err := os.ReadFile(strings.TrimPrefix(path, "file://"))
			if err != nil {
				t.Fatal(err)
			}
			data := apk[p.Sections["data"][0]:][:p.Sections["data"][1]]
			control := apk[p.Sections["control"][0]:][:p.Sections["control"][1]]
			sum := sha256.Sum256(data)
			digest := "sha256:" + hex.EncodeToString(sum[:])
			if p.Layer != digest {
				t.Errorf("%s: layer in the lock is %s, its bytes are %s", p.Name, p.Layer, digest)
			}
			if datahash := "sha256:" + datahash(t, control); datahash != digest {
				t.Errorf("%s: datahash is %s, the layer %s", p.Name, datahash, digest)
			}
			if got, ok := diffIDs[digest]; !ok || got != p.DiffID {
				t.Errorf("%s: layer %s has diff ID %q in the image, want %q", p.Name, digest, got, p.DiffID)
			}
		}
		if seen < 5 || len(manifest.Layers) != seen+1 {
			t.Errorf("%s: %d layers for %d packages, want one each and the system layer", arch, len(manifest.Layers), seen)
		}
	}
}

// datahash reads the field out of a control section with nothing but gzip: the archive's blocks are of no interest.
func datahash(t *testing.T, control []byte) string {
	t.Helper()
	text := gunzip(t, control)
	_, rest, ok := strings.Cut(text, "\ndatahash = ")
	if !ok {
		t.Fatal("a control section without datahash")
	}
	hash, _, _ := strings.Cut(rest, "\n")
	return strings.TrimRight(hash, "\x00")
}

func testRun(t *testing.T, dir, arch string, packages []string) {
	c := runc.New(t, dir, arch)
	if r := c.Run(t, "/bin/busybox", "uname", "-s"); r.Err != nil || r.Stdout != "Linux\n" {
		t.Error(r)
	}
	r := c.Run(t, "/usr/bin/openssl", "version")
	if r.Err != nil || !strings.HasPrefix(r.Stdout, "OpenSSL ") {
		t.Error(r)
	}
	t.Logf("%s: openssl version: %s", arch, strings.TrimSpace(r.Stdout))
	r = c.Run(t, "/bin/busybox", "sed", "-n", "s/^P://p", "/lib/apk/db/installed")
	installed := strings.Fields(r.Stdout)
	slices.Sort(installed)
	if r.Err != nil || !slices.Equal(installed, packages) {
		t.Errorf("installed: %q, want %q\n%s", installed, packages, r)
	}
	if arch == "amd64" { // an emulator starts no further programs by itself
		if r := c.Run(t, "/bin/sh", "-c", "ls -l /bin/ls && test -L /usr/bin/awk"); r.Err != nil {
			t.Errorf("busybox links: %s", r)
		}
	}
}

func testActions(t *testing.T, w *workspace.Workspace, packages []string) {
	out := w.Bazel(t, "aquery", "--output=jsonproto", "--platforms=//platforms:amd64", "deps(//:image)")
	var graph struct {
		Actions []struct {
			Mnemonic       string
			Arguments      []string
			InputDepSetIds []int
		}
		DepSetOfFiles []struct {
			ID                  int
			TransitiveDepSetIds []int
			DirectArtifactIds   []int
		}
		Artifacts     []struct{ ID, PathFragmentID int }
		PathFragments []struct {
			ID, ParentID int
			Label        string
		}
	}
	if err := json.NewDecoder(strings.NewReader(out)).Decode(&graph); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	isAPK := map[int]bool{}
	for _, fragment := range graph.PathFragments {
		isAPK[fragment.ID] = strings.HasSuffix(fragment.Label, ".apk")
	}
	apks := map[int]bool{}
	for _, artifact := range graph.Artifacts {
		apks[artifact.ID] = isAPK[artifact.PathFragmentID]
	}
	reads := map[int]map[int]bool{}
	sets := map[int]int{}
	for i, set := range graph.DepSetOfFiles {
		sets[set.ID] = i
	}
	var packagesOf func(id int) map[int]bool
	packagesOf = func(id int) map[int]bool {
		if found, ok := reads[id]; ok {
			return found
		}
		found := map[int]bool{}
		set := graph.DepSetOfFiles[sets[id]]
		for _, artifact := range set.DirectArtifactIds {
			if apks[artifact] {
				found[artifact] = true
			}
		}
		for _, below := range set.TransitiveDepSetIds {
			for artifact := range packagesOf(below) {
				found[artifact] = true
			}
		}
		reads[id] = found
		return found
	}
	facts := 0
	for _, action := range graph.Actions {
		if !strings.HasPrefix(action.Mnemonic, "Apk") && !strings.HasPrefix(action.Mnemonic, "Oci") {
			continue // the compilation of the tools
		}
		if program := action.Arguments[0]; !strings.HasSuffix(program, "ocibuild") {
			t.Errorf("%s runs %s", action.Mnemonic, program)
		}
		read := map[int]bool{}
		for _, id := range action.InputDepSetIds {
			for artifact := range packagesOf(id) {
				read[artifact] = true
			}
		}
		switch action.Mnemonic {
		case "ApkFacts":
			facts++
			if len(read) != 1 {
				t.Errorf("an ApkFacts reads %d packages, want 1", len(read))
			}
		case "OciLayout": // only on request, as an output group
		default:
			if len(read) != 0 {
				t.Errorf("%s reads %d packages, want none", action.Mnemonic, len(read))
			}
		}
	}
	if facts != len(packages) {
		t.Errorf("%d ApkFacts, want %d: one per package", facts, len(packages))
	}
}

func testSameDigest(t *testing.T, w *workspace.Workspace, first string) {
	want := digest(t, first)
	w.Bazel(t, "clean")
	if got := digest(t, layout(t, w, "amd64")); got != want {
		t.Errorf("after clean the digest is %s, want %s", got, want)
	}
	if got := digest(t, layout(t, w, "amd64", "--compilation_mode=opt")); got != want {
		t.Errorf("with -c opt the digest is %s, want %s", got, want)
	}
	base := w.Base
	w.NewBase(t)
	if got := digest(t, layout(t, w, "amd64", "--compilation_mode=dbg", "--experimental_output_paths=strip")); got != want {
		t.Errorf("in another output base with -c dbg and mapped paths the digest is %s, want %s", got, want)
	}
	w.Base = base
	t.Logf("digest: %s", want)
}

func digest(t *testing.T, dir string) v1.Hash {
	t.Helper()
	image, err := image.FromLayout(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest
}
