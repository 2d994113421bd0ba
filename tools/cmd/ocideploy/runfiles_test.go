package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/deployspec"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/deploytest"
)

// A target's own program knows its spec by its name, and its files by runfiles paths, wherever Bazel put them.
func TestRunfiles(t *testing.T) {
	r := deploytest.NewRegistry(t)
	files := deploytest.New(t)
	m := files.Image("amd64", "one")
	spec, err := json.Marshal(deployspec.Spec{
		Version: 1, Command: deployspec.Push, Layers: m.Layers,
		Images: []deployspec.Image{{Descriptor: m.Descriptor, Manifests: []deployspec.Manifest{m.Manifest}, Repository: r.Host + "/app"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	spec = bytes.ReplaceAll(spec, []byte(files.Dir+"/"), []byte("_main/"))
	for _, test := range []struct {
		name, argv0, runfiles string // argv0 and the folder of the files, below a directory
		env                   func(dir string) map[string]string
		want                  string
	}{
		{"beside", "bin/push", "bin/push.runfiles/_main", nil, ""},
		{"on Windows", "bin/push.exe", "bin/push.exe.runfiles/_main", nil, ""},
		{"around", "all.runfiles/_main/push", "all.runfiles/_main", nil, ""},
		{"environment", "bin/push", "elsewhere/_main", func(dir string) map[string]string {
			return map[string]string{"RUNFILES_DIR": dir + "/elsewhere"}
		}, ""},
		{"manifest of files", "bin/push", "elsewhere", func(dir string) map[string]string {
			var lines strings.Builder
			entries, _ := os.ReadDir(dir + "/elsewhere")
			for _, e := range entries {
				fmt.Fprintf(&lines, "_main/%s %s/elsewhere/%s\n", e.Name(), dir, e.Name())
			}
			os.WriteFile(dir+"/MANIFEST", []byte(lines.String()), 0o644)
			return map[string]string{"RUNFILES_MANIFEST_FILE": dir + "/MANIFEST"}
		}, ""},
		{"manifest of a directory", "bin/push", "a b", func(dir string) map[string]string {
			os.WriteFile(dir+"/MANIFEST", []byte(" _main "+dir+"/a b\n"), 0o644)
			return map[string]string{"RUNFILES_MANIFEST_FILE": dir + "/MANIFEST"}
		}, ""},
		{"symbolic link", "bin/push", "bin/push.runfiles/_main", nil, ""},
		{"symbolic links, relative", "bin/push", "bin/push.runfiles/_main", nil, ""},
		{"in PATH", "bin/push", "bin/push.runfiles/_main", nil, ""},
		{"relative, in a subfolder", "bin/push", "bin/push.runfiles/_main", nil, ""},
		{"relative, around", "all.runfiles/_main/go/push", "all.runfiles/_main", nil, ""},
		{"environment of another program", "bin/push", "bin/push.runfiles/_main", func(dir string) map[string]string {
			os.WriteFile(dir+"/MANIFEST", []byte("other/file /other/file\n"), 0o644)
			return map[string]string{"RUNFILES_DIR": dir + "/elsewhere", "RUNFILES_MANIFEST_FILE": dir + "/MANIFEST"}
		}, ""},
		{"of the spec", "ocideploy push --spec=bin/push.deploy.json", "bin/push.runfiles/_main", nil, ""},
		{"nowhere", "bin/push", "elsewhere/_main", nil, "there are no runfiles beside the program"},
		{"not built", "bin/push", "bin/push.runfiles/other", nil, "build the target again"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(filepath.Join(dir, test.runfiles), os.DirFS(files.Dir)); err != nil {
				t.Fatal(err)
			}
			argv0, args := filepath.Join(dir, test.argv0), []string(nil)
			if _, spec, ok := strings.Cut(test.argv0, "="); ok {
				argv0 = filepath.Join(dir, strings.TrimSuffix(spec, specSuffix))
				args = []string{"push", "--spec=" + argv0 + specSuffix}
			}
			if err := os.MkdirAll(filepath.Dir(argv0), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(strings.TrimSuffix(argv0, ".exe")+specSuffix, spec, 0o644); err != nil {
				t.Fatal(err)
			}
			if args != nil {
				argv0 = "ocideploy"
			}
			argv0 = call(t, test.name, dir, argv0)
			env := map[string]string{}
			if test.env != nil {
				env = test.env(dir)
			}
			var stdout, stderr bytes.Buffer
			p := &cli.Process{Argv0: argv0, Getenv: func(key string) string { return env[key] }, Stdout: &stdout, Stderr: &stderr}
			err := program().Run(context.Background(), p, args)
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want %q", err, test.want)
				}
				return
			}
			if want := r.Host + "/app@" + m.Digest + "\n"; err != nil || stdout.String() != want {
				t.Errorf("got %q, %v; want %q", stdout.String(), err, want)
			}
		})
	}
}

// call makes what the name of a test says of how the program is called.
func call(t *testing.T, how, dir, argv0 string) string {
	t.Helper()
	link := func(to, from string) string {
		if err := os.MkdirAll(filepath.Dir(from), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, from); err != nil {
			t.Fatal(err)
		}
		return from
	}
	program := func() {
		if err := os.WriteFile(argv0, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	switch how {
	case "symbolic link":
		program()
		return link(argv0, filepath.Join(dir, "links", "deploy"))
	case "symbolic links, relative":
		program()
		link("../bin/push", filepath.Join(dir, "links", "one"))
		return link("one", filepath.Join(dir, "links", "two"))
	case "in PATH":
		program()
		t.Setenv("PATH", filepath.Dir(argv0))
		return filepath.Base(argv0)
	case "relative, in a subfolder":
		t.Chdir(filepath.Dir(argv0))
		return "./" + filepath.Base(argv0)
	case "relative, around":
		t.Chdir(filepath.Join(dir, "all.runfiles", "_main"))
		return "go/push"
	}
	return argv0
}
