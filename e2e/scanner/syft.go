// Package scanner checks what syft finds in images.
package scanner

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
)

const syftVersion = "v1.52.0"

// syft returns the scanner, which is built once and kept in the user's cache folder: outside of a module, so that its
// many dependencies stay out of go.mod. It skips the test where it cannot be had.
func syft(t testing.TB) string {
	t.Helper()
	program.Require(t, "go")
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skipf("SKIPPED: no folder to keep syft in: %v", err)
	}
	dir := filepath.Join(cache, "rules_apk", "bin", "syft-"+syftVersion)
	file := filepath.Join(dir, "syft")
	if _, err := os.Stat(file); err == nil {
		return file
	}
	install := program.Command{
		Name: "go", Args: []string{"install", "github.com/anchore/syft/cmd/syft@" + syftVersion},
		Dir: t.TempDir(), Env: []string{"GOBIN=" + dir, "GOFLAGS=", "GOWORK=off"}, Timeout: time.Hour,
	}
	if r := install.Run(t); r.Err != nil {
		t.Skipf("SKIPPED: syft cannot be had: %s", r)
	}
	return file
}
