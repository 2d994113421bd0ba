package registry

import (
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/runtimes"
)

// startContainerd starts a containerd of its own and returns a function that runs ctr on it.
func startContainerd(t *testing.T) func(args ...string) string {
	t.Helper()
	address := runtimes.Containerd(t, t.TempDir())
	return func(args ...string) string {
		t.Helper()
		return program.Run(t, "ctr", append([]string{"--address", address}, args...)...)
	}
}

// smallDisk mounts a disk of that size.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	program.RequireRoot(t)
	program.Require(t, "mount", "umount")
	dir := t.TempDir()
	r := program.Command{Name: "mount", Args: []string{"-t", "tmpfs", "-o", "size=" + size, "tmpfs", dir}}.Run(t)
	if r.Err != nil {
		t.Skipf("SKIPPED: no tmpfs can be mounted here: %s", strings.TrimSpace(r.Stderr))
	}
	t.Cleanup(func() { program.Run(t, "umount", "-l", dir) })
	return dir
}
