// Package runtimes starts container runtimes for tests, each with a state of its own, and runs images in them.
package runtimes

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
)

// Dockerd starts a Docker daemon that keeps its images in data, and returns its socket. It skips the test where there
// is none.
func Dockerd(t testing.TB, data string) string {
	t.Helper()
	program.RequireRoot(t)
	program.Require(t, "dockerd", "docker", "containerd")
	dir := ShortDir(t)
	socket := filepath.Join(dir, "sock")
	program.Command{Name: "dockerd", Args: []string{
		"--host=unix://" + socket, "--data-root=" + data, "--exec-root=" + filepath.Join(dir, "exec"), "--pidfile=" + filepath.Join(dir, "pid"),
		"--iptables=false", "--bridge=none", "--storage-driver=vfs",
	}}.Start(t, func() error {
		return exec.Command("docker", "--host", "unix://"+socket, "version").Run()
	})
	return socket
}

// Containerd starts a containerd that keeps its images in data, and returns its socket.
func Containerd(t testing.TB, data string) string {
	t.Helper()
	program.RequireRoot(t)
	program.Require(t, "containerd", "ctr")
	dir := ShortDir(t)
	socket := filepath.Join(dir, "sock")
	config := filepath.Join(dir, "config.toml")
	text := "version = 2\nroot = '" + data + "'\nstate = '" + dir + "/state'\ndisabled_plugins = ['io.containerd.grpc.v1.cri']\n"
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	program.Command{Name: "containerd", Args: []string{"--config", config, "--address", socket}}.Start(t, func() error {
		return exec.Command("ctr", "--address", socket, "version").Run()
	})
	return socket
}

// PodmanEnv is an environment in which podman keeps everything in dir.
func PodmanEnv(t testing.TB, dir string) []string {
	t.Helper()
	program.RequireRoot(t)
	program.Require(t, "podman")
	config := filepath.Join(t.TempDir(), "storage.conf")
	text := "[storage]\ndriver = 'vfs'\ngraphroot = '" + dir + "/root'\nrunroot = '" + ShortDir(t) + "/run'\n"
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return []string{"CONTAINERS_STORAGE_CONF=" + config, "TMPDIR=" + dir}
}

// PodmanRun runs an image in podman, with runc and without network.
func PodmanRun(t testing.TB, env []string, image string, args ...string) program.Result {
	t.Helper()
	// podman's own limits may be above those of the machine that the test runs on.
	flags := []string{
		"--runtime=runc", "--cgroup-manager=cgroupfs", "run", "--rm", "--network=none",
		"--ulimit=nofile=256:256", "--ulimit=nproc=256:256", image,
	}
	return program.Command{Name: "podman", Args: slices.Concat(flags, args), Env: env}.Run(t)
}

// ShortDir is a temporary directory with a path short enough for a socket.
func ShortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "e2e")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
