package remotecache

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/filehost"
	"github.com/rules-apk/rules_apk/e2e/internal/nginxcache"
	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/rebuild"
	"github.com/rules-apk/rules_apk/e2e/internal/signingkey"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

const arch = "x86_64"

const module = `
apk = use_extension("@rules_apk//apk:extensions.bzl", "apk")
apk.lock(name = "alpine", config = "//:apk.yaml", fetch = "action", lock = "//:apk.lock.json")
use_repo(apk, "alpine")
`

// The tools are no part of what is cached.
const prebuilt = `load("@rules_apk//tools:defs.bzl", "toolset")

toolset(name = "prebuilt", ocibuild = "ocibuild", ocideploy = "ocideploy", ocifetch = "ocifetch", visibility = ["//visibility:public"])
`

// One image has every package of the lock, one some of them with the package that is bumped, one without it.
const images = `load("@rules_apk//apk:defs.bzl", "apk_image")
load("@rules_apk//oci:defs.bzl", "oci_push")

apk_image(name = "large", layering = "package", packages = ["@alpine//%s"])

apk_image(name = "small", packages = ["@alpine//busybox", "@alpine//apk-tools"])

apk_image(name = "without", packages = ["@alpine//busybox"])

[oci_push(name = "push_" + image, image = image, repository = "registry.invalid/image") for image in ["large", "small"]]
`

// What docs/performance.md says for a remote cache.
const bazelrc = `
common --experimental_output_paths=strip
common --@rules_apk//tools=//prebuilt
build --remote_cache=CACHE
`

// A machine with its tools; with what they depend on, more than 60 packages.
func roots() []string {
	return []string{"alpine-base", "chrony", "openssh", "tiny-cloud-alpine", "wget"}
}

func newOrg(t *testing.T) *org {
	t.Helper()
	shared := workspace.Shared(t)
	cache, err := nginxcache.Start(filepath.Join(t.TempDir(), "nginx"))
	if errors.Is(err, exec.ErrNotFound) {
		t.Skipf("SKIPPED: nginx: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cache.Stop() })

	root := workspace.Checkout(t)
	o := &org{shared: shared, cache: cache, served: t.TempDir(), apklock: program.Build(t, root, "./tools/cmd/apklock")}
	key, err := signingkey.Write(t.TempDir(), "rebuilt")
	if err != nil {
		t.Fatal(err)
	}
	o.builder = &rebuild.Builder{Ocibuild: program.Build(t, root, "./tools/cmd/ocibuild"), Key: key}
	packages := filepath.Join(shared, "apk", "alpine", arch)
	if err := os.CopyFS(filepath.Join(o.served, "alpine", arch), os.DirFS(packages)); err != nil {
		t.Fatal(err)
	}
	o.publish(t)
	if o.host, err = filehost.Start(o.served); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.host.Close() })

	o.w = workspace.New(t, map[string]string{
		"MODULE.bazel": module, "prebuilt/BUILD.bazel": prebuilt,
		"BUILD.bazel": fmt.Sprintf(images, strings.Join(roots(), `", "@alpine//`)),
		"apk.yaml": fmt.Sprintf("repositories: [%s/alpine, %s/rebuilt]\nkeyring: [%s, %s]\narchs: [%s]\npackages: [%s]\n",
			o.host.URL, o.host.URL, filepath.Join(shared, "apk", "keys"), key.Public, arch, strings.Join(roots(), ", ")),
		"apk.lock.json": "",
	})
	// The workspace's own lines, but for those that keep its actions out of caches.
	var lines []string
	for _, line := range strings.Split(o.w.Read(t, ".bazelrc"), "\n") {
		if !strings.Contains(line, "--disk_cache=") && !strings.Contains(line, "no-cache") {
			lines = append(lines, line)
		}
	}
	o.w.Write(t, ".bazelrc", strings.Join(lines, "\n")+strings.ReplaceAll(bazelrc, "CACHE", cache.URL))
	for name, path := range map[string]string{
		"ocibuild": o.builder.Ocibuild, "ocideploy": program.Build(t, root, "./tools/cmd/ocideploy"), "ocifetch": program.Build(t, root, "./tools/cmd/ocifetch"),
	} {
		binary, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(o.w.Dir, "prebuilt", name), binary, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	o.lock(t, "lock")
	return o
}

// lock runs apklock in the workspace, with a cache of its own.
func (o *org) lock(t *testing.T, args ...string) {
	t.Helper()
	r := program.Command{Name: o.apklock, Args: args, Dir: o.w.Dir, Env: []string{"XDG_CACHE_HOME=" + t.TempDir()}}.Run(t)
	if r.Err != nil {
		t.Fatal(r)
	}
}

// pkg is what the test needs of a locked package.
type pkg struct {
	Name, URL, SHA256, Layer string
	Sections                 struct{ Data [2]int64 }
}

func (o *org) packages(t *testing.T) []pkg {
	t.Helper()
	var lock struct{ Packages []pkg }
	if err := json.Unmarshal([]byte(o.w.Read(t, "apk.lock.json")), &lock); err != nil {
		t.Fatal(err)
	}
	return lock.Packages
}
