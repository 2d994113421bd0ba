// Package goimage takes a Go program from its source to containers of two architectures and to a registry, from
// outside, the way a user would.
package goimage

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/rules-apk/rules_apk/e2e/internal/image"
	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/registry"
	"github.com/rules-apk/rules_apk/e2e/internal/runc"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

const build = `
load("@rules_apk//oci:defs.bzl", "oci_binary_image", "oci_image", "oci_index", "oci_layer", "oci_layout", "oci_push", "oci_run_test")
load("@rules_go//go:def.bzl", "go_binary")

package(default_visibility = ["//visibility:public"])

exports_files(["passwd"])

go_binary(
    name = "hello",
    srcs = ["main.go"],
    # fastbuild leaves symbols out, opt does not.
    gc_linkopts = ["-s", "-w"],
    pure = "on",
)

# A base with no program in it.
oci_layer(name = "files", files = {"passwd": "/etc/passwd"})

oci_image(name = "base", layers = [":files"], user = "65532:65532")

oci_binary_image(name = "app", base = ":base", binary = ":hello", cmd = ["there"])

oci_index(
    name = "index",
    images = [":app"],
    platforms = ["@rules_go//go/toolchain:linux_amd64", "@rules_go//go/toolchain:linux_arm64"],
)

oci_layout(name = "layout", image = ":index")

oci_push(name = "push", image = ":index", remote_tags = ["latest"], repository = "registry.invalid/app")

oci_run_test(name = "run_test", size = "small", expected_output = ["hello there"], image = ":index")
`

// The same image again, under other labels.
const elsewhere = `
load("@rules_apk//oci:defs.bzl", "oci_binary_image", "oci_layout")

oci_binary_image(
    name = "named_otherwise",
    base = "//:base",
    binary = "//:hello",
    cmd = ["there"],
    platforms = ["@rules_go//go/toolchain:linux_amd64", "@rules_go//go/toolchain:linux_arm64"],
)

oci_layout(name = "layout", image = ":named_otherwise")
`

const source = `package main

import (
	"fmt"
	"os"
	"runtime"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == "cat" {
		text, err := os.ReadFile(os.Args[2])
		fmt.Print(string(text))
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	fmt.Println("hello", os.Args[1], "from", runtime.GOARCH, os.Getuid())
}
`

func TestGoImage(t *testing.T) {
	e := &env{server: registry.Build(t), w: workspace.New(t, files(
		map[string]string{
			"MODULE.bazel": module, "BUILD.bazel": build, "elsewhere/BUILD.bazel": elsewhere, "main.go": source,
			"passwd": "nonroot:x:65532:65532::/:/sbin/nologin\n",
		},
		thirdparty, layouts, runfiles, stamped, server,
	))}
	e.makeLayout(t)
	e.build(t, "//:layout", "//elsewhere:layout", "//:run_test", "//layouts/...", "//runfiles/...", "//server/...")
	e.first = e.layout(t, "layout")
	t.Run("runs", e.runs)
	t.Run("oci_run_test", e.runTest)
	t.Run("other labels", func(t *testing.T) { e.same(t, e.layout(t, "elsewhere/layout")) })
	t.Run("pushed twice", e.push)
	t.Run("base of another tool", e.otherBase)
	t.Run("pulled base", e.pulled)
	t.Run("runfiles", e.runfiles)
	t.Run("digests in YAML", e.substituted)
	t.Run("stamping", e.stamping)
	t.Run("Alpine below", e.alpine)
	t.Run("one line edited", e.edit)
	t.Run("opt", func(t *testing.T) {
		e.build(t, "-c", "opt", "//:layout")
		e.same(t, e.layout(t, "layout"))
	})
	t.Run("one CPU and another output base", e.oneCPU)
}

// env is what the parts of the test share.
type env struct {
	w      *workspace.Workspace
	server registry.Server
	first  string // layout of the first build
}

// files joins the parts of the workspace.
func files(parts ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}

func (e *env) build(t *testing.T, args ...string) {
	t.Helper()
	start := time.Now()
	e.w.Bazel(t, append([]string{"build"}, args...)...)
	t.Logf("bazel build %s: %.1f s", strings.Join(args, " "), time.Since(start).Seconds())
}

// layout copies what was built: the next build replaces it.
func (e *env) layout(t *testing.T, path string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "layout")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(e.w.Dir, "bazel-bin", path))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// digest returns that of the index that a layout holds.
func digest(t *testing.T, dir string) string {
	t.Helper()
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	top, err := index.IndexManifest()
	if err != nil || len(top.Manifests) != 1 {
		t.Fatalf("%s: %v, want one entry", dir, err)
	}
	return top.Manifests[0].Digest.String()
}

func layers(t *testing.T, dir, arch string) []v1.Descriptor {
	t.Helper()
	image, err := image.FromLayout(dir, arch)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	return manifest.Layers
}

func (e *env) same(t *testing.T, dir string) {
	t.Helper()
	if got, want := digest(t, dir), digest(t, e.first); got != want {
		t.Errorf("got %s with amd64 layers %v\nwant %s with %v", got, layers(t, dir, "amd64"), want, layers(t, e.first, "amd64"))
	}
}

func (e *env) runs(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		t.Run(arch, func(t *testing.T) {
			want := "hello there from " + arch + " 65532\n"
			if r := runc.New(t, e.first, arch).Run(t); r.Err != nil || r.Stdout != want {
				t.Errorf("want %q, got %s", want, r)
			}
		})
	}
}

// runTest has Bazel run the test outside of a sandbox: in one the machine's runtimes may be out of reach, and the test
// skips.
func (e *env) runTest(t *testing.T) {
	program.RequireRoot(t)
	program.Require(t, "runc")
	if out := e.w.Bazel(t, "run", "//:run_test"); !strings.Contains(out, "ran with runc") {
		t.Errorf("got %q, want it run", out)
	}
}

func (e *env) push(t *testing.T) {
	r := e.server.Start(t, registry.Options{})
	run := func() (requests []string) {
		t.Helper()
		out := e.w.Bazel(t, "run", "//:push", "--", "--repository="+r.Host+"/app")
		if want := r.Host + "/app@" + digest(t, e.first); !strings.Contains(out, want) {
			t.Errorf("got output %q, want %s in it", out, want)
		}
		return r.Requests()
	}
	// Two programs, one base, two configs; two manifests, the index and its tag.
	first := run()
	if blobs, manifests := count(first, "PUT /v2/app/blobs/"), count(first, "PUT /v2/app/manifests/"); blobs != 5 || manifests < 3 {
		t.Errorf("the first push made %q, want 5 blobs", first)
	}
	second := run()
	if reads := count(second, "GET ") + count(second, "HEAD "); reads == 0 || reads != len(second) {
		t.Errorf("the second push made %q, want reads only", second)
	}
	t.Logf("requests: %d, then %d", len(first), len(second))
}

func count(list []string, prefix string) int {
	n := 0
	for _, s := range list {
		if strings.HasPrefix(s, prefix) {
			n++
		}
	}
	return n
}

func (e *env) edit(t *testing.T) {
	e.w.Write(t, "main.go", strings.Replace(source, `"hello"`, `"good day"`, 1))
	defer e.w.Write(t, "main.go", source)
	e.build(t, "//:layout")
	edited := e.layout(t, "layout")
	for _, arch := range []string{"amd64", "arm64"} {
		before, after := layers(t, e.first, arch), layers(t, edited, arch)
		if len(before) != 2 || len(after) != 2 || before[0].Digest != after[0].Digest || before[1].Digest == after[1].Digest {
			t.Errorf("%s: got layers %v\nwant of %v the second changed", arch, after, before)
		}
	}
}

// oneCPU builds on one CPU in another output base. A comment below the code has the program compiled again, for no
// cache knows that source; it is the same.
func (e *env) oneCPU(t *testing.T) {
	program.Require(t, "taskset")
	e.w.Write(t, "main.go", source+"\n// "+t.TempDir()+"\n")
	e.w.NewBase(t)
	e.w.Wrapper = []string{"taskset", "--cpu-list", "0"}
	e.build(t, "//:layout")
	e.same(t, e.layout(t, "layout"))
}
