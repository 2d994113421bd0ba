package goimage

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/runc"
	"github.com/rules-apk/rules_apk/e2e/internal/runtimes"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

const alpineBuild = `
load("@rules_apk//apk:defs.bzl", "apk_image")
load("@rules_apk//oci:defs.bzl", "oci_binary_image", "oci_layout", "oci_load", "oci_test")

apk_image(
    name = "base",
    packages = ["@alpine//alpine-baselayout", "@alpine//busybox", "@alpine//ca-certificates-bundle"],
)

oci_binary_image(
    name = "image",
    base = ":base",
    binary = "//:hello",
    cmd = ["Alpine"],
    healthcheck = ["CMD", "/app/hello", "there"],
    healthcheck_interval = "90s",
    platforms = ["@rules_go//go/toolchain:linux_amd64", "@rules_go//go/toolchain:linux_arm64"],
)

oci_layout(name = "layout", image = ":image")

oci_load(name = "load", image = ":image", repository = "example.com/alpine")

oci_test(
    name = "base_test",
    size = "small",
    files = ["/etc/passwd", "/bin/busybox", "/etc/ssl/certs/ca-certificates.crt"],
    image = ":base",
    links = {"/bin/ls": "/bin/busybox"},
    modes = {"/bin/busybox": "0755", "/tmp": "1777"},
    owners = {"/etc/shadow": "0:42"},
    packages = {"musl": ""},
    users = {"nobody": "65534:65534", "root": "0:0"},
)
`

// alpine puts the program on an image of real packages and runs it in every runtime that there is.
func (e *env) alpine(t *testing.T) {
	shared := filepath.Join(workspace.Shared(t), "apk")
	e.w.Write(t, "alpine/apk.yaml", fmt.Sprintf("repositories: [%s/alpine]\nkeyring: [%s/keys]\narchs: [x86_64, aarch64]\npackages: [alpine-baselayout, busybox, ca-certificates-bundle]\n", shared, shared))
	e.w.Write(t, "alpine/apk.lock.json", "")
	e.w.Write(t, "alpine/BUILD.bazel", alpineBuild)
	e.w.Bazel(t, "run", "@alpine//:lock")
	e.build(t, "//alpine/...")
	dir := e.layout(t, "alpine/layout")
	const hello = "hello Alpine from amd64 0\n"

	t.Run("oci_test reads facts", func(t *testing.T) {
		e.w.Bazel(t, "test", "//alpine:base_test")
		for line := range strings.Lines(e.w.Bazel(t, "cquery", "--output=starlark", "--starlark:expr='\\n'.join([f.path for f in target.default_runfiles.files.to_list()])", "//alpine:base_test")) {
			if strings.HasSuffix(strings.TrimSpace(line), ".apk") {
				t.Errorf("the test reads %s, want facts in its place", line)
			}
		}
	})
	t.Run("runc", func(t *testing.T) {
		for _, arch := range []string{"amd64", "arm64"} {
			c := runc.New(t, dir, arch)
			if r := c.Run(t); r.Err != nil || r.Stdout != strings.Replace(hello, "amd64", arch, 1) {
				t.Errorf("%s: %s", arch, r)
			}
			if r := c.Run(t, "/bin/busybox", "cat", "/etc/passwd"); r.Err != nil || !strings.HasPrefix(r.Stdout, "root:x:0:0:") {
				t.Errorf("%s: %s", arch, r)
			}
		}
	})
	load := func(t *testing.T, flags ...string) {
		t.Helper()
		e.w.Bazel(t, append([]string{"run", "//alpine:load", "--"}, flags...)...)
	}
	t.Run("containerd", func(t *testing.T) {
		socket := runtimes.Containerd(t, t.TempDir())
		t.Setenv("CONTAINERD_ADDRESS", socket)
		load(t, "--runtime=containerd")
		if got := program.Run(t, "ctr", "--address", socket, "run", "--rm", "example.com/alpine:latest", "alpine"); got != hello {
			t.Errorf("it says %q", got)
		}
	})
	t.Run("podman", func(t *testing.T) {
		env := runtimes.PodmanEnv(t, runtimes.ShortDir(t))
		for _, variable := range env {
			name, value, _ := strings.Cut(variable, "=")
			t.Setenv(name, value)
		}
		load(t, "--runtime=podman")
		if r := runtimes.PodmanRun(t, env, "example.com/alpine:latest"); r.Err != nil || r.Stdout != hello {
			t.Error(r)
		}
	})
	t.Run("docker", func(t *testing.T) {
		t.Setenv("DOCKER_HOST", "unix://"+runtimes.Dockerd(t, t.TempDir()))
		load(t, "--runtime=docker")
		check := program.Run(t, "docker", "image", "inspect", "--format={{json .Config.Healthcheck}}", "example.com/alpine:latest")
		if want := `{"Test":["CMD","/app/hello","there"],"Interval":90000000000}` + "\n"; check != want {
			t.Errorf("healthcheck is %s, want %s", check, want)
		}
		for want, args := range map[string][]string{hello: nil, "root:x:0:0:": {"--entrypoint=/bin/cat"}} {
			line := append([]string{"run", "--rm", "--network=none"}, args...)
			line = append(line, "example.com/alpine:latest")
			if args != nil {
				line = append(line, "/etc/passwd")
			}
			if got := program.Run(t, "docker", line...); !strings.HasPrefix(got, want) {
				t.Errorf("it says %q, want %q", got, want)
			}
		}
	})
}
