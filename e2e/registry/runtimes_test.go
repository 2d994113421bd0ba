package registry

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
)

// startContainerd starts a containerd of its own and returns a function that runs ctr on it.
func startContainerd(t *testing.T) func(args ...string) string {
	t.Helper()
	address := containerd(t)
	return func(args ...string) string {
		t.Helper()
		return program.Run(t, "ctr", append([]string{"--address", address}, args...)...)
	}
}

// containerd starts a containerd and returns its socket.
func containerd(t *testing.T) string {
	t.Helper()
	program.RequireRoot(t)
	program.Require(t, "containerd", "ctr")
	dir := shortDir(t)
	socket := filepath.Join(dir, "sock")
	config := filepath.Join(dir, "config.toml")
	text := "version = 2\nroot = '" + dir + "/root'\nstate = '" + dir + "/state'\ndisabled_plugins = ['io.containerd.grpc.v1.cri']\n"
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	program.Command{Name: "containerd", Args: []string{"--config", config, "--address", socket}}.Start(t, func() error {
		return exec.Command("ctr", "--address", socket, "version").Run()
	})
	return socket
}

// shortDir is a temporary directory with a path short enough for a socket.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "e2e")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
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
