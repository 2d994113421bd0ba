package goimage

import (
	"regexp"
	"slices"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/e2e/internal/runc"
)

// runfiles is a program with every kind of runfiles: files, a directory, links by other names, files of another
// repository.
var runfiles = map[string]string{
	"runfiles/own.txt": "own\n",
	"runfiles/defs.bzl": `
def _tree_impl(ctx):
    tree = ctx.actions.declare_directory(ctx.label.name)
    ctx.actions.run_shell(
        arguments = [tree.path],
        command = "mkdir $1/sub && echo leaf >$1/sub/leaf && ln -s sub/leaf $1/link",
        outputs = [tree],
    )
    return [DefaultInfo(files = depset([tree]))]

tree = rule(implementation = _tree_impl)

def _program_impl(ctx):
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = executable, target_file = ctx.executable.binary, is_executable = True)
    return [DefaultInfo(executable = executable, runfiles = ctx.runfiles(
        files = ctx.files.data,
        root_symlinks = {"rooted.txt": ctx.file.link},
        symlinks = {"links/linked.txt": ctx.file.link},
    ))]

program = rule(
    implementation = _program_impl,
    attrs = {
        "binary": attr.label(cfg = "target", executable = True),
        "data": attr.label_list(allow_files = True),
        "link": attr.label(allow_single_file = True),
    },
    executable = True,
)
`,
	"runfiles/BUILD.bazel": `
load("@rules_apk//oci:defs.bzl", "oci_binary_image", "oci_layout", "oci_test")
load("@rules_go//go:def.bzl", "go_binary")
load(":defs.bzl", "program", "tree")

go_binary(name = "walk", srcs = ["walk.go"], gc_linkopts = ["-s", "-w"], pure = "on")

tree(name = "tree")

program(
    name = "program",
    binary = ":walk",
    data = ["own.txt", ":tree", "@thirdparty//:data.txt"],
    link = "own.txt",
)

oci_binary_image(name = "image", base = "//:base", binary = ":program")

oci_layout(name = "layout", image = ":image")

# Bazel makes packages of folders with Python files.
py_binary(name = "script", srcs = ["python/script.py"], main = "python/script.py")

oci_binary_image(name = "python", binary = ":script")

oci_test(
    name = "python_test",
    size = "small",
    files = [
        "/app/script.runfiles/_main/runfiles/python/__init__.py",
        "/app/script.runfiles/_main/runfiles/python/script.py",
    ],
    image = ":python",
)
`,
	"runfiles/python/script.py": "print('hello')\n",
	"runfiles/walk.go": `package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Prints every runfile and what is in it.
func main() {
	root := os.Args[0] + ".runfiles"
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(root, path)
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if len(text) > 100 || name == "_repo_mapping" {
			text = []byte("…\n")
		}
		fmt.Print(name, ": ", string(text))
		return nil
	})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
`,
}

func (e *env) runfiles(t *testing.T) {
	first := e.layout(t, "runfiles/layout")
	t.Run("runs", func(t *testing.T) {
		r := runc.New(t, first, "amd64").Run(t)
		got := regexp.MustCompile(`(?m)^thirdparty[~+]`).ReplaceAllString(r.Stdout, "thirdparty")
		want := `_main/links/linked.txt: own
_main/runfiles/own.txt: own
_main/runfiles/program: …
_main/runfiles/tree/link: leaf
_main/runfiles/tree/sub/leaf: leaf
_repo_mapping: …
rooted.txt: own
thirdparty/data.txt: theirs
`
		if r.Err != nil || got != want {
			t.Errorf("got %s\nwant\n%s", r, want)
		}
	})
	t.Run("Python's", func(t *testing.T) { e.w.Bazel(t, "test", "//runfiles:python_test") })
	// The base, what other repositories bring, the workspace's own.
	before := layers(t, first, "amd64")
	if len(before) != 3 {
		t.Fatalf("got layers %v, want 3", before)
	}
	build := func(what string, want ...int) {
		t.Helper()
		e.build(t, "//runfiles:layout")
		if got := changed(before, layers(t, e.layout(t, "runfiles/layout"), "amd64")); !slices.Equal(got, want) {
			t.Errorf("%s: layers %v changed, want %v", what, got, want)
		}
	}
	e.w.Write(t, "runfiles/own.txt", "OWN\n")
	build("own code edited", 2)
	e.w.Write(t, "runfiles/own.txt", "own\n")
	e.w.Write(t, "thirdparty/data.txt", "THEIRS\n")
	build("third party's edited", 1)
	e.w.Write(t, "thirdparty/data.txt", "theirs\n")
	build("all as before")
}

// changed are the positions of layers that differ.
func changed(before, after []v1.Descriptor) []int {
	var list []int
	for i := range after {
		if i >= len(before) || before[i].Digest != after[i].Digest {
			list = append(list, i)
		}
	}
	return list
}
