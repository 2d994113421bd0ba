package main

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bazelbuild/buildtools/build"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkconfig"
)

func start(t *testing.T, dir string, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	p := &cli.Process{Stdout: &out, Stderr: &out, Getenv: func(name string) string {
		return map[string]string{"BUILD_WORKSPACE_DIRECTORY": dir}[name]
	}}
	if err := run(context.Background(), p, args); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// files are the contents of all files below dir, by name.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	if err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		all[filepath.ToSlash(name)] = string(data)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func write(t *testing.T, dir string, content map[string]string) {
	t.Helper()
	for name, text := range content {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNewWorkspace(t *testing.T) {
	for _, d := range distributions() {
		dir := t.TempDir()
		const module = "bazel_dep(name = \"rules_apk\", version = \"0.1.0\")"
		write(t, dir, map[string]string{"MODULE.bazel": module})
		out := start(t, dir, "--distribution="+d.name)
		if !strings.Contains(out, "bazel run @"+d.name+"//:lock") {
			t.Errorf("got %q, want the next command", out)
		}
		got := files(t, dir)
		if want := []string{".gitattributes", "BUILD.bazel", "MODULE.bazel", "apk.lock.json", "apk.yaml", "images/BUILD.bazel"}; !slices.Equal(slices.Sorted(maps.Keys(got)), want) {
			t.Errorf("got the files %v, want %v", slices.Sorted(maps.Keys(got)), want)
		}
		if !strings.HasPrefix(got["MODULE.bazel"], module+"\n\n# Packages are @"+d.name) {
			t.Errorf("MODULE.bazel is\n%s", got["MODULE.bazel"])
		}
		for _, name := range []string{"MODULE.bazel", "images/BUILD.bazel"} {
			file, err := build.Parse(name, []byte(got[name]))
			if err != nil {
				t.Fatal(err)
			}
			if formatted := string(build.Format(file)); formatted != got[name] {
				t.Errorf("%s is not as buildifier writes it:\n%s", name, got[name])
			}
		}
		if _, err := apkconfig.Parse(strings.NewReader(got["apk.yaml"])); err != nil {
			t.Error(err)
		}
		out = start(t, dir, "--distribution="+d.name)
		if again := files(t, dir); !maps.Equal(got, again) || !strings.Contains(out, "nothing to do") {
			t.Errorf("the second time: %q\n%v", out, again)
		}
	}
}

// What somebody wrote stays as it is, to the byte.
func TestExistingWorkspace(t *testing.T) {
	dir := t.TempDir()
	mine := map[string]string{
		"MODULE.bazel":        "module(name='mine')\nbazel_dep(name='rules_apk',   version='0.1.0') # old style\n",
		".gitattributes":      "*.png binary\n",
		"BUILD":               "# mine\n",
		"apk.yaml":            "packages: [mine]\n",
		"images/BUILD.bazel":  "# my images\n",
		"unrelated/file.text": "text\n",
	}
	write(t, dir, mine)
	start(t, dir)
	got := files(t, dir)
	for name, text := range mine {
		if !strings.HasPrefix(got[name], text) || name != "MODULE.bazel" && got[name] != text {
			t.Errorf("%s was %q and is %q", name, text, got[name])
		}
	}
	if len(got) != len(mine)+1 {
		t.Errorf("got %v, want no file more but apk.lock.json", slices.Sorted(maps.Keys(got)))
	}
	start(t, dir)
	if again := files(t, dir); !maps.Equal(got, again) {
		t.Errorf("the second time something changed: %v", again)
	}
}

// A workspace with a lock of its own name has all it needs.
func TestOtherLock(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"MODULE.bazel": `packages = use_extension("@rules_apk//apk:extensions.bzl", "apk")
packages.lock(name = "debian", config = "//:debian.yaml", lock = "//:debian.lock.json")
`})
	before := files(t, dir)
	start(t, dir)
	if after := files(t, dir); !maps.Equal(before, after) {
		t.Errorf("got %v, want nothing changed", after)
	}
}

func TestNoWorkspace(t *testing.T) {
	p := &cli.Process{Stdout: &bytes.Buffer{}, Getenv: func(string) string { return "" }}
	t.Chdir(t.TempDir())
	if err := run(context.Background(), p, nil); err == nil || !strings.Contains(err.Error(), "MODULE.bazel") {
		t.Errorf("got %v, want an error", err)
	}
	if err := run(context.Background(), p, []string{"--distribution=debian"}); err == nil || !strings.Contains(err.Error(), `want one of wolfi, alpine`) {
		t.Errorf("got %v, want an error", err)
	}
}
