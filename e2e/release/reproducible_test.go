package release

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

// Two clones of the same commit, in folders of different names, one with Go's cache and one compiled anew: the same
// bytes.
func TestReproducible(t *testing.T) {
	program.Require(t, "git", "go")
	root := workspace.Checkout(t)
	dir := t.TempDir()
	var releases []string
	for _, name := range []string{"first", "another/second"} {
		checkout := filepath.Join(dir, name)
		program.Run(t, "git", "clone", "--quiet", root, checkout)
		out := filepath.Join(dir, filepath.Base(name)+"-release")
		var env []string
		if len(releases) > 0 {
			env = []string{"GOCACHE=" + filepath.Join(dir, "cache")}
		}
		make := program.Command{
			Name: "go", Args: []string{"run", "./tools/release", "--out=" + out, "--platforms=linux_amd64"},
			Dir: checkout, Env: env, Timeout: 30 * time.Minute,
		}
		if r := make.Run(t); r.Err != nil {
			t.Fatal(r)
		}
		releases = append(releases, out)
	}
	files := 0
	if err := filepath.WalkDir(releases[0], func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		relative, err := filepath.Rel(releases[0], path)
		if err != nil {
			return err
		}
		first, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		second, err := os.ReadFile(filepath.Join(releases[1], relative))
		if err != nil {
			return err
		}
		files++
		if string(first) != string(second) {
			t.Errorf("%s differs", relative)
		}
		t.Logf("the same %d bytes: %s", len(first), relative)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if files < 9 {
		t.Errorf("a release has %d files, want all of them", files)
	}
	sums := program.Command{Name: "sha256sum", Args: []string{"--check", "SHA256SUMS"}, Dir: releases[0]}
	if r := sums.Run(t); r.Err != nil {
		t.Error(r)
	}
}
