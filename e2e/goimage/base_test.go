package goimage

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/e2e/internal/image"
	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/registry"
	"github.com/rules-apk/rules_apk/e2e/internal/runc"
)

const module = `
bazel_dep(name = "thirdparty", version = "1.0")
local_path_override(module_name = "thirdparty", path = "thirdparty")

apk = use_extension("@rules_apk//apk:extensions.bzl", "apk")
apk.lock(name = "alpine", config = "//alpine:apk.yaml", lock = "//alpine:apk.lock.json")
use_repo(apk, "alpine")

oci = use_extension("@rules_apk//oci:extensions.bzl", "oci")
`

// thirdparty is another module: a layout that some other tool made, and data.
var thirdparty = map[string]string{
	"thirdparty/MODULE.bazel": `module(name = "thirdparty", version = "1.0")` + "\n",
	"thirdparty/BUILD.bazel":  `exports_files(["data.txt", "layout"])` + "\n",
	"thirdparty/data.txt":     "theirs\n",
}

var layouts = map[string]string{"layouts/BUILD.bazel": `
load("@rules_apk//oci:defs.bzl", "oci_binary_image", "oci_image", "oci_layout", "oci_load", "oci_push", "oci_test")

# On a folder of another repository.
oci_binary_image(
    name = "on_source",
    base = "@thirdparty//:layout",
    binary = "//:hello",
    platforms = ["@rules_go//go/toolchain:linux_amd64", "@rules_go//go/toolchain:linux_arm64"],
)

oci_layout(name = "on_source_layout", image = ":on_source")

oci_push(name = "push", image = ":on_source", repository = "registry.invalid/on_source")

oci_load(name = "load", image = ":on_source", repository = "on_source")

# On a folder that a rule makes.
oci_image(name = "on_tree", base = "//:layout", cmd = ["again"], env = {"TREE": "1"})

oci_test(
    name = "on_tree_test",
    size = "small",
    cmd = ["again"],
    entrypoint = ["/app/hello"],
    files = ["/app/hello"],
    image = ":on_tree",
    user = "65532:65532",
)

oci_layout(name = "on_tree_layout", image = ":on_tree")

# On an index of this workspace.
oci_image(name = "on_index", base = "//:index", cmd = ["index"])

oci_test(name = "on_index_test", size = "small", cmd = ["index"], files = ["/app/hello"], image = ":on_index", platform = "linux/amd64")

# On no layout at all.
oci_image(name = "on_file", base = "//:passwd", tags = ["manual"])
`}

// base is an image of another tool, with a text in etc/base.
func base(t *testing.T, arch, text string) v1.Image {
	t.Helper()
	return image.New(t, arch, nil, image.Layer(t,
		image.File{Name: "etc/", Mode: 0o755}, image.File{Name: "etc/base", Mode: 0o644, Body: []byte(text)}))
}

// makeLayout makes the layout of thirdparty.
func (e *env) makeLayout(t *testing.T) {
	t.Helper()
	index := image.Index(t, base(t, "amd64", "base for amd64\n"), base(t, "arm64", "base for arm64\n"))
	if err := os.CopyFS(filepath.Join(e.w.Dir, "thirdparty/layout"), os.DirFS(image.Write(t, index))); err != nil {
		t.Fatal(err)
	}
}

func (e *env) otherBase(t *testing.T) {
	t.Run("runs", func(t *testing.T) {
		on := e.layout(t, "layouts/on_source_layout")
		for _, arch := range []string{"amd64", "arm64"} {
			r := runc.New(t, on, arch).Run(t, "/app/hello", "cat", "/etc/base")
			if r.Err != nil || r.Stdout != "base for "+arch+"\n" {
				t.Error(r)
			}
		}
		r := runc.New(t, e.layout(t, "layouts/on_tree_layout"), "amd64").Run(t)
		if want := "hello again from amd64 65532\n"; r.Err != nil || r.Stdout != want {
			t.Errorf("want %q, got %s", want, r)
		}
	})
	t.Run("oci_test", func(t *testing.T) { e.w.Bazel(t, "test", "//layouts:on_tree_test", "//layouts:on_index_test") })
	t.Run("its layers are only read for layouts", func(t *testing.T) {
		for _, a := range e.actions(t, "//layouts:on_source") {
			reads := slices.ContainsFunc(a.inputs, func(path string) bool {
				return strings.HasSuffix(path, "thirdparty/layout") || strings.HasSuffix(path, "thirdparty~/layout") || strings.HasSuffix(path, "thirdparty+/layout")
			})
			if want := a.mnemonic == "OciSelect" || a.mnemonic == "OciLayout"; reads != want && strings.HasPrefix(a.mnemonic, "Oci") {
				t.Errorf("%s reads the base's folder: %v, want %v", a.mnemonic, reads, want)
			}
		}
	})
	t.Run("pushed and loaded", func(t *testing.T) {
		r := e.server.Start(t, registry.Options{})
		out := e.w.Bazel(t, "run", "//layouts:push", "--", "--repository="+r.Host+"/app")
		if want := r.Host + "/app@" + digest(t, e.layout(t, "layouts/on_source_layout")); !strings.Contains(out, want) {
			t.Errorf("got %q, want %s", out, want)
		}
		// Two bases, two programs, two configs.
		if writes := r.Writes(); count(writes, "PUT /v2/app/blobs/") != 6 {
			t.Errorf("got %q, want 6 blobs", writes)
		}
		tar := filepath.Join(t.TempDir(), "image.tar")
		e.w.Bazel(t, "run", "//layouts:load", "--", "--output="+tar)
		program.Require(t, "skopeo")
		if out := program.Run(t, "skopeo", "inspect", "oci-archive:"+tar); !strings.Contains(out, `"Architecture": "amd64"`) {
			t.Errorf("got %s, want an image for amd64", out)
		}
	})
	t.Run("no such platform", func(t *testing.T) {
		r := e.w.Try(t, "build", "--platforms=@rules_go//go/toolchain:linux_s390x", "//layouts:on_tree")
		if want := "it has no image for linux/s390x, only for linux/amd64, linux/arm64"; r.Err == nil || !strings.Contains(r.Stderr, want) {
			t.Errorf("want %q, got %s", want, r)
		}
		r = e.w.Try(t, "build", "//layouts:on_file")
		if want := "it has no file oci-layout, want a directory in the OCI image layout"; r.Err == nil || !strings.Contains(r.Stderr, want) {
			t.Errorf("want %q, got %s", want, r)
		}
	})
}

// action is one action of a target, as aquery shows it.
type action struct {
	mnemonic string
	inputs   []string
}

func (e *env) actions(t *testing.T, target string) []action {
	t.Helper()
	// Text is the only format with paths of inputs in one piece.
	var all []action
	for line := range strings.Lines(e.w.Bazel(t, "aquery", "--output=text", "deps("+target+")")) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "Mnemonic: "); ok {
			all = append(all, action{mnemonic: name})
		}
		if list, ok := strings.CutPrefix(line, "Inputs: ["); ok && len(all) > 0 {
			all[len(all)-1].inputs = strings.Split(strings.TrimSuffix(list, "]"), ", ")
		}
	}
	if len(all) == 0 {
		t.Fatal("aquery shows no action")
	}
	return all
}
