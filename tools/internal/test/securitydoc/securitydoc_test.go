// Package securitydoc has no code but a test: what docs/security.md calls a test is one.
package securitydoc

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// function is a test as the page names it: the last part of its package's path, and its name.
	function = regexp.MustCompile("`([a-z0-9]+)\\.((?:Test|Fuzz|Benchmark)[A-Za-z0-9_]+)`")
	// script is a test script: the program, and the file below its testdata.
	script = regexp.MustCompile("`([a-z]+)/([a-z0-9_]+)\\.txtar`")
)

func TestNamedTestsExist(t *testing.T) {
	root := checkout(t)
	page, err := os.ReadFile(filepath.Join(root, "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	functions := defined(t, root)
	for _, match := range function.FindAllStringSubmatch(string(page), -1) {
		named++
		if !functions[match[1]+"."+match[2]] {
			t.Errorf("docs/security.md names %s.%s, which is no test", match[1], match[2])
		}
	}
	for _, match := range script.FindAllStringSubmatch(string(page), -1) {
		named++
		if _, err := os.Stat(filepath.Join(root, "tools/cmd", match[1], "testdata", match[2]+".txtar")); err != nil {
			t.Errorf("docs/security.md names %s/%s.txtar, which is no script", match[1], match[2])
		}
	}
	if named < 30 {
		t.Errorf("docs/security.md names %d tests: it is not read as it is meant", named)
	}
}

// checkout is the folder of the module. Bazel's sandbox does not have it.
func checkout(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	t.Skip("SKIPPED: the sources are not here")
	return ""
}

// defined gives "folder.TestName" of every test of tools and e2e.
func defined(t *testing.T, root string) map[string]bool {
	t.Helper()
	declaration := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)[A-Za-z0-9_]+)\(`)
	all := map[string]bool{}
	for _, top := range []string{"tools", "e2e"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, _ os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			for _, match := range declaration.FindAllSubmatch(source, -1) {
				all[filepath.Base(filepath.Dir(path))+"."+string(match[1])] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}
