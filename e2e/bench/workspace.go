package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-apk/rules_apk/e2e/bench/internal/bazel"
)

// Nothing is in a cache that a scenario does not set up itself.
const bazelrc = `common --lockfile_mode=off
common --incompatible_strict_action_env
common --noshow_progress
common --color=no
common --repository_cache=CACHE
# The bench's folder may be below /tmp, of which sandboxes otherwise have one of their own.
build --sandbox_add_mount_pair=/tmp
common --@rules_apk//tools=//prebuilt
`

const module = `bazel_dep(name = "rules_apk", version = "0.1.0")
local_path_override(module_name = "rules_apk", path = "CHECKOUT")

bazel_dep(name = "platforms", version = "1.0.0")
bazel_dep(name = "rules_go", version = "0.62.0")
go_sdk = use_extension("@rules_go//go:extensions.bzl", "go_sdk")
go_sdk.host()

apk = use_extension("@rules_apk//apk:extensions.bzl", "apk")
apk.lock(name = "alpine", config = "//:apk.yaml", lock = "//:apk.lock.json"FETCH)
use_repo(apk, "alpine")
`

const prebuilt = `load("@rules_apk//tools:defs.bzl", "toolset")

toolset(
    name = "prebuilt",
    ocibuild = "ocibuild",
    ocifetch = "ocifetch",
)
`

const emptyGenrule = `genrule(
    name = "empty",
    outs = ["empty.txt"],
    cmd = "> $@",
)
`

const app = `load("@rules_apk//oci:defs.bzl", "oci_image", "oci_layer")

oci_layer(
    name = "layer",
    files = {"main.sh": "/app/main.sh"},
)

oci_image(
    name = "app",
    base = "//images/n1:image_0",
    entrypoint = ["/bin/sh", "/app/main.sh"],
    layers = [":layer"],
)
`

// newWorkspace makes a workspace with one lock, called alpine, on repositories, for archs, and all of packages as its
// roots. There is no lock yet. fetch, if not empty, is the lock's attribute of this name.
func (l *lab) newWorkspace(name, fetch string, repositories, keys, archs, packages []string) (*bazel.Workspace, error) {
	w := &bazel.Workspace{
		Launcher: filepath.Join(l.checkout, "bazelw"),
		Dir:      filepath.Join(l.dir, name),
		Base:     filepath.Join(l.dir, name+".base"),
		Log:      filepath.Join(l.dir, "bazel.log"),
	}
	if fetch != "" {
		fetch = fmt.Sprintf(", fetch = %q", fetch)
	}
	version, err := os.ReadFile(filepath.Join(l.checkout, ".bazelversion"))
	if err != nil {
		return nil, err
	}
	for _, tool := range []string{"ocibuild", "ocifetch"} {
		if err := copyProgram(filepath.Join(l.dir, "bin", tool), filepath.Join(w.Dir, "prebuilt", tool)); err != nil {
			return nil, err
		}
	}
	for file, content := range map[string]string{
		".bazelrc":             strings.ReplaceAll(bazelrc, "CACHE", w.Base+".repositories"),
		".bazelversion":        string(version),
		"MODULE.bazel":         strings.NewReplacer("CHECKOUT", l.checkout, "FETCH", fetch).Replace(module),
		"BUILD.bazel":          "",
		"prebuilt/BUILD.bazel": prebuilt,
		"empty/BUILD.bazel":    emptyGenrule,
		"apk.yaml": fmt.Sprintf("repositories: [%s]\nkeyring: [%s]\narchs: [%s]\npackages: [%s]\n",
			quoted(repositories), quoted(keys), quoted(archs), quoted(packages)),
		"apk.lock.json": "",
	} {
		if err := w.Write(file, content); err != nil {
			return nil, err
		}
	}
	l.workspaces = append(l.workspaces, w)
	return w, nil
}

func copyProgram(from, to string) error {
	program, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, program, 0o755))
}

func quoted(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(out, ", ")
}
