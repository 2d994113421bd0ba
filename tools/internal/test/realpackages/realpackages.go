// Package realpackages finds the real packages, indexes and keys that some developers keep beside the repository, for
// tests that read what nobody here wrote. They are other people's work, and not a part of this repository.
package realpackages

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir is the folder apk of what RULES_APK_SHARED names, or of the folder shared beside this checkout: in it are alpine,
// corpus, glibc, index, keys and v3. The test is skipped where there is none.
func Dir(t testing.TB) string {
	t.Helper()
	dir := find(t)
	if dir == "" {
		t.Skip("SKIPPED: no folder shared with real packages beside the checkout (RULES_APK_SHARED may name it)")
	}
	return dir
}

// Files returns the files of the folder that a pattern of filepath.Glob matches, of at most size bytes, for tests that
// are worth something without them, too: none where there is no folder.
func Files(t testing.TB, pattern string, size int64) []string {
	t.Helper()
	dir := find(t)
	if dir == "" {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	var small []string
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && info.Size() <= size {
			small = append(small, f)
		}
	}
	return small
}

// find returns "" where there is no folder.
func find(t testing.TB) string {
	t.Helper()
	if shared := os.Getenv("RULES_APK_SHARED"); shared != "" {
		dir, err := filepath.Abs(filepath.Join(shared, "apk"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "alpine")); err != nil {
			return ""
		}
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
			continue
		}
		found := filepath.Join(filepath.Dir(dir), "shared", "apk")
		if _, err := os.Stat(filepath.Join(found, "alpine")); err == nil {
			return found
		}
	}
	return ""
}
