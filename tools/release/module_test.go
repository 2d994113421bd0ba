package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const checkoutModule = `"""A module."""

module(
    name = "rules_apk",
    version = "1.2.3",
)

# What users get.
bazel_dep(name = "platforms", version = "0.0.10")

# What only a checkout needs.
bazel_dep(name = "gazelle", version = "0.47.0")
bazel_dep(name = "rules_go", version = "0.62.0")
bazel_dep(name = "stardoc", version = "0.8.0", dev_dependency = True)

go_deps = use_extension("@gazelle//:extensions.bzl", "go_deps")
go_deps.from_file(go_mod = "//:go.mod")
use_repo(go_deps, "in_gopkg_yaml_v3")

oci = use_extension("//oci:extensions.bzl", "oci")
oci.pull(name = "base")
use_repo(oci, "base")

apk = use_extension("//apk:extensions.bzl", "apk", dev_dependency = True)
apk.lock(name = "alpine")
use_repo(apk, "alpine")
`

const releasedModule = `"""A module."""

module(
    name = "rules_apk",
    version = "1.2.3",
)

# What users get.
bazel_dep(name = "platforms", version = "0.0.10")

oci = use_extension("//oci:extensions.bzl", "oci")
oci.pull(name = "base")
use_repo(oci, "base")

http_archive = use_repo_rule("@bazel_tools//tools/build_defs/repo:http.bzl", "http_archive")

http_archive(
    name = "rules_apk_tools_linux_arm64",
    build_file = "//tools/private:prebuilt.BUILD.tpl",
    integrity = "sha256-qrs=",
    urls = ["https://example.com/v1/tools.tar.xz"],
)
`

func read(t *testing.T, text string) *module {
	t.Helper()
	path := filepath.Join(t.TempDir(), "MODULE.bazel")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := readModule(path)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestReleasedModule(t *testing.T) {
	m := read(t, checkoutModule)
	if m.version != "1.2.3" {
		t.Errorf("version is %q", m.version)
	}
	r := &release{baseURL: "https://example.com/v1"}
	sets := []*toolset{{platform: platform{"linux", "arm64"}, archive: asset{name: "tools.tar.xz", sha256: "aabb"}}}
	got, err := m.released(r, sets)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != releasedModule {
		t.Errorf("got\n%s\nwant\n%s", got, releasedModule)
	}

	m = read(t, checkoutModule+"\nregister_toolchains(\"@rules_go//:all\")\n")
	if _, err := m.released(r, sets); err == nil || !strings.Contains(err.Error(), "still names rules_go") {
		t.Errorf("got %v, want an error: a release would not load", err)
	}
}

func TestReleasedFiles(t *testing.T) {
	for name, want := range map[string]bool{
		"MODULE.bazel": true, "apk/defs.bzl": true, "apk/private/templates/hub.BUILD.tpl": true, "oci/private/empty.txt": true,
		"tools/BUILD.bazel": true, "tools/private/tools.bzl": true, "e2e/smoke/BUILD.bazel": true,
		"apk/private/tests/BUILD.bazel": false, "go.mod": false, "tools/cmd/apklock/BUILD.bazel": false,
		"tools/internal/fetch/BUILD.bazel": false, "tools/release/BUILD.bazel": false, "e2e/release/release_test.go": false, ".bazelrc": false,
	} {
		if got := isReleased(name); got != want {
			t.Errorf("isReleased(%q) is %v", name, got)
		}
	}
}

func TestChangelog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "CHANGELOG.md")
	if err := os.WriteFile(path, []byte("# Changes\n\n## 1.2.3 (2026-11-25)\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := checkChangelog(path, "1.2.3"); err != nil {
		t.Error(err)
	}
	if err := checkChangelog(path, "1.2"); err == nil || !strings.Contains(err.Error(), `no section "## 1.2"`) {
		t.Errorf("got %v, want an error", err)
	}
}

// Whatever a machine's environment says, the tools are the same.
func TestBuildEnvironment(t *testing.T) {
	got := buildEnvironment([]string{"PATH=/bin", "GOFLAGS=-race", "GOOS=plan9", "GOARM64=v9.0", "GOCACHE=/c", "GOPROXY=p", "CGO_ENABLED=1"})
	if want := "PATH=/bin GOCACHE=/c GOPROXY=p CGO_ENABLED=1"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestArchiveIsReproducible(t *testing.T) {
	set := &toolset{tools: []tool{{name: "a", data: bytes.Repeat([]byte("abc"), 1000)}, {name: "b", data: []byte("b")}}}
	first, err := set.pack()
	if err != nil {
		t.Fatal(err)
	}
	second, err := set.pack()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Error("two archives of the same programs differ")
	}
}
