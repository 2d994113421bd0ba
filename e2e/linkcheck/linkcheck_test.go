// Package linkcheck builds programs of C with a real compiler upon real packages: without what they are linked against
// an image fails, with it it runs.
package linkcheck

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/runc"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

const module = `
bazel_dep(name = "rules_cc", version = "0.0.11")

apk = use_extension("@rules_apk//apk:extensions.bzl", "apk")
apk.lock(name = "alpine", config = "//:apk.yaml", lock = "//:apk.lock.json")
use_repo(apk, "alpine")
`

const build = `
load("@rules_apk//apk:defs.bzl", "apk_image", "apk_package")
load("@rules_apk//oci:defs.bzl", "oci_binary_image", "oci_image", "oci_index", "oci_layer")
load("@rules_cc//cc:defs.bzl", "cc_binary")

apk_image(name = "musl", packages = ["@alpine//musl"])

apk_image(name = "with_ssl", packages = ["@alpine//musl", "@alpine//libssl3"])

# Linked against Alpine's musl and OpenSSL, as a compiler on Alpine does it.
oci_layer(name = "layer", files = {"server": "/app/server"}, modes = {"/app/server": "0755"})

[
    oci_image(name = "server_" + name, base = base, entrypoint = ["/app/server"], layers = [":layer"], libraries = libraries)
    for name, base, libraries in [
        ("without", ":musl", "error"),
        ("warned", ":musl", "warning"),
        ("ignored", ":musl", "ignore"),
        ("with", ":with_ssl", "error"),
    ]
]

apk_package(
    name = "server_apk", package_name = "server", version = "1-r0", description = "a program", license = "MIT",
    files = {"server": "/app/server"}, modes = {"/app/server": "0755"},
)

apk_image(name = "package_without", packages = ["@alpine//musl", ":server_apk"])

apk_image(name = "package_with", packages = ["@alpine//musl", "@alpine//libssl3", ":server_apk"])

# Linked against the glibc of this machine.
cc_binary(name = "hello", srcs = ["hello.c"])

oci_binary_image(name = "glibc_on_musl", base = ":musl", binary = ":hello")

oci_binary_image(name = "glibc_on_nothing", binary = ":hello")

# Linked against nothing.
cc_binary(name = "static", srcs = ["hello.c"], features = ["fully_static_link"], linkopts = ["-static"])

oci_binary_image(name = "static_image", binary = ":static")

# Only what is built for arm64 lacks something.
oci_image(
    name = "one_of_two",
    layers = [":one_of_two_layer"],
)

oci_layer(
    name = "one_of_two_layer",
    files = select({"@platforms//cpu:aarch64": {"server": "/app/server"}, "//conditions:default": {"hello.c": "/app/server"}}),
)

oci_index(name = "index", images = [":one_of_two"], platforms = ["@rules_apk//oci/platforms:linux_amd64", "@rules_apk//oci/platforms:linux_arm64"])
`

// What it calls is in libssl, which is linked against libcrypto, which is linked against musl.
const server = `
const void *TLS_method(void);
static long call(long n, long a, long b, long c) {
  long r;
  __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return r;
}
__attribute__((force_align_arg_pointer)) void _start(void) {
  if (TLS_method()) call(1, 1, (long)"TLS works\n", 10);
  call(60, 0, 0, 0);
}
`

func compile(t *testing.T) string {
	t.Helper()
	program.Require(t, "gcc")
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{"server.c": server, "stub.c": "const void *TLS_method(void) { return 0; }\n"} {
		if err := os.WriteFile(in(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	flags := []string{"-nostdlib", "-nostartfiles", "-fno-stack-protector", "-O1"}
	program.Run(t, "gcc", append(flags, "-shared", "-fPIC", "-Wl,-soname,libssl.so.3", "-o", in("libssl.so.3"), in("stub.c"))...)
	program.Run(t, "gcc", append(flags, "-no-pie", "-Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1", "-o", in("server"), in("server.c"), in("libssl.so.3"))...)
	data, err := os.ReadFile(in("server"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestLibraries(t *testing.T) {
	shared := workspace.Shared(t)
	w := workspace.New(t, map[string]string{
		"MODULE.bazel": module, "BUILD.bazel": build, "server": compile(t), "apk.lock.json": "",
		"hello.c": "#include <stdio.h>\nint main(void) { puts(\"hello\"); return 0; }\n",
		"apk.yaml": "repositories: [" + filepath.Join(shared, "apk", "alpine") + "]\nkeyring: [" + filepath.Join(shared, "apk", "keys") +
			"]\narchs: [x86_64]\npackages: [musl, libssl3]\n",
	})
	w.Bazel(t, "run", "@alpine//:lock")
	const flag = "--platforms=@rules_apk//oci/platforms:linux_amd64"

	for target, want := range map[string]string{
		"//:server_without":   "//:server_without (linux/amd64): /app/server needs libssl.so.3, which nothing in the image has; @alpine//libssl3 provides it\n",
		"//:package_without":  "//:package_without (linux/amd64): /app/server needs libssl.so.3, which nothing in the image has; @alpine//libssl3 provides it\n",
		"//:glibc_on_musl":    "//:glibc_on_musl (linux/amd64): /app/hello is linked against glibc (it asks for /lib64/ld-linux-x86-64.so.2), and the image has musl; build it for musl or statically, or take a base with glibc\n",
		"//:glibc_on_nothing": "/app/hello needs the dynamic linker /lib64/ld-linux-x86-64.so.2, which nothing in the image has; add the package or the layer that has it, or link statically\n",
	} {
		r := w.Try(t, "build", flag, target)
		if r.Err == nil || !strings.Contains(r.Stderr, want) || !strings.Contains(r.Stderr, `libraries = "warning" makes the image nevertheless`) {
			t.Errorf("%s: want an error with\n%sgot %s", target, want, r)
		}
	}
	if r := w.Try(t, "build", "//:index"); r.Err == nil || !strings.Contains(r.Stderr, "//:one_of_two (linux/arm64): /app/server is a program for x86_64, the image is for linux/arm64; build it for that") ||
		strings.Contains(r.Stderr, "(linux/amd64): ") {
		t.Errorf("want only the image for arm64 named, got %s", r)
	}
	if r := w.Try(t, "build", flag, "//:server_warned"); r.Err != nil || !strings.Contains(r.Stderr, "warning: //:server_warned (linux/amd64): /app/server needs libssl.so.3") {
		t.Errorf("want a warning, got %s", r)
	}
	if r := w.Try(t, "build", flag, "//:server_ignored", "//:static_image", "//:package_with"); r.Err != nil || strings.Contains(r.Stderr, "warning: //") {
		t.Errorf("want silence, got %s", r)
	}

	w.Bazel(t, "build", flag, "--output_groups=+oci_layout,_validation", "//:server_with")
	layout := filepath.Join(t.TempDir(), "layout")
	if err := os.CopyFS(layout, os.DirFS(filepath.Join(w.Dir, "bazel-bin", "server_with.layout"))); err != nil {
		t.Fatal(err)
	}
	if r := runc.New(t, layout, "amd64").Run(t); r.Err != nil || r.Stdout != "TLS works\n" {
		t.Errorf("want it to run, got %s", r)
	}
}
