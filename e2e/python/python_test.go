// Package python builds a Python image out of Debian's packages, from outside, the way a user would: from a repository
// to containers of two architectures, and through a security update.
package python

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/e2e/internal/image"
	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/runc"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

// archs are OCI's names of the architectures, and apk's.
func archs() map[string]string { return map[string]string{"amd64": "x86_64", "arm64": "aarch64"} }

func TestPython(t *testing.T) {
	program.Require(t, "apt-get")
	e := &env{}
	e.repositories(t)
	e.w = workspace.New(t, files(t, e.url))
	e.w.Write(t, "debian.rsa.pub", e.publicKey)

	e.timed(t, "bazel run @packages//:lock, the tools compiled before", func() {
		e.w.Bazel(t, "build", "@rules_apk//tools/cmd/apklock", "@rules_apk//tools/cmd/ocibuild")
	}, func() { e.w.Bazel(t, "run", "@packages//:lock") })
	lock := e.w.Read(t, "apk.lock.json")
	e.w.Bazel(t, "run", "@packages//:lock")
	if again := e.w.Read(t, "apk.lock.json"); again != lock {
		t.Error("a second lock is not the same")
	}
	e.timed(t, "bazel build //images:python", nil, func() { e.w.Bazel(t, "build", "--platforms=//platforms:amd64", "//images:python") })

	t.Run("layers", e.layers)
	t.Run("no shell, no package manager", e.nothingElse)
	for arch := range archs() {
		t.Run("runs on "+arch, func(t *testing.T) { e.runs(t, arch) })
	}
	t.Run("linker cache", e.linkerCache)
	t.Run("application", e.application)
	t.Run("security update", e.securityUpdate)
}

// env is what the parts of the test share.
type env struct {
	w         *workspace.Workspace
	publicKey string
	url       string
	serve     func(dir string) // makes url serve the repository in dir
	// The two states of the repository; they differ in one library.
	before, after, library string
}

// timed logs how long do takes, after prepare.
func (e *env) timed(t *testing.T, what string, prepare, do func()) {
	t.Helper()
	if prepare != nil {
		prepare()
	}
	start := time.Now()
	do()
	t.Logf("%s: %.1f s", what, time.Since(start).Seconds())
}

// files are those of the folder "workspace", with the test's repository.
func files(t *testing.T, url string) map[string]string {
	t.Helper()
	all := map[string]string{"apk.lock.json": ""}
	tree := os.DirFS("workspace")
	err := fs.WalkDir(tree, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(tree, path)
		all[path] = strings.ReplaceAll(string(data), "http://127.0.0.1:8000/debian", url)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// layout builds a target's OCI layout and returns a copy of it.
func (e *env) layout(t *testing.T, target string, flags ...string) string {
	t.Helper()
	args := append([]string{target, "--output_groups=oci_layout"}, flags...)
	e.w.Bazel(t, append([]string{"build"}, args...)...)
	found := strings.Fields(e.w.Bazel(t, append([]string{"cquery", "--output=files"}, args...)...))
	if len(found) != 1 {
		t.Fatalf("output group oci_layout holds %q, want one folder", found)
	}
	dir := filepath.Join(t.TempDir(), "layout")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(e.w.Dir, found[0]))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func platform(arch string) string { return "--platforms=//platforms:" + arch }

// lockedPackage is what the test needs of a package in the lock.
type lockedPackage struct {
	Name, Version, Arch, Layer string
	Size                       int64
}

func locked(t *testing.T, lock string) []lockedPackage {
	t.Helper()
	var l struct{ Packages []lockedPackage }
	if err := json.Unmarshal([]byte(lock), &l); err != nil {
		t.Fatal(err)
	}
	return l.Packages
}

func manifest(t *testing.T, dir, arch string) *v1.Manifest {
	t.Helper()
	image, err := image.FromLayout(dir, arch)
	if err != nil {
		t.Fatal(err)
	}
	m, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// layers checks that an image is packages' own bytes and one layer more.
func (e *env) layers(t *testing.T) {
	packages := locked(t, e.w.Read(t, "apk.lock.json"))
	dir := e.layout(t, "//images:index")
	for arch, apkArch := range archs() {
		byLayer := map[string]string{}
		for _, p := range packages {
			if p.Arch == apkArch {
				byLayer[p.Layer] = p.Name
			}
		}
		layers := manifest(t, dir, arch).Layers
		var size int64
		for i, layer := range layers {
			size += layer.Size
			if name := byLayer[layer.Digest.String()]; (name == "") != (i == len(layers)-1) {
				t.Errorf("%s: layer %d of %d is package %q, want packages and last the system layer", arch, i, len(layers), name)
			}
		}
		t.Logf("%s: %d layers, %.1f MB, of which the system layer %d bytes", arch, len(layers), float64(size)/1e6, layers[len(layers)-1].Size)
		if len(layers) < 30 {
			t.Errorf("%s: %d layers, want all packages that Python needs", arch, len(layers))
		}
	}
}

// programs are names of shells and package managers.
func programs() []string {
	return []string{"sh", "ash", "bash", "dash", "busybox", "apk", "apt", "apt-get", "dpkg", "pip", "pip3"}
}

// find returns the programs of names that an unpacked image has, and what runs with its owner's rights.
func find(t *testing.T, root string, names []string) (found, setuid []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0 {
			setuid = append(setuid, path)
		}
		if filepath.Base(filepath.Dir(path)) == "bin" || filepath.Base(filepath.Dir(path)) == "sbin" {
			if slices.Contains(names, d.Name()) {
				found = append(found, d.Name())
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, setuid
}

func (e *env) nothingElse(t *testing.T) {
	c := runc.New(t, e.layout(t, "//images:python", platform("amd64")), "amd64")
	if found, setuid := find(t, c.Root, programs()); len(found)+len(setuid) != 0 {
		t.Errorf("the image has %q, and setuid %q, want none", found, setuid)
	}
	dev := runc.New(t, e.layout(t, "//images:python-dev", platform("amd64")), "amd64")
	if found, _ := find(t, dev.Root, programs()); !slices.Contains(found, "sh") || !slices.Contains(found, "dpkg") {
		t.Errorf("the dev image has %q, want sh and dpkg among them", found)
	}
	if r := dev.Run(t, "/bin/sh", "-c", "dpkg --version && /usr/bin/python3 -V"); r.Err != nil || !strings.Contains(r.Stdout, "Python 3.") {
		t.Error(r)
	}
}

// probe uses what applications need of the system.
const probe = `
import ctypes, os, platform, sqlite3, ssl, zlib
print("Python", platform.python_version(), platform.machine())
print("zlib", zlib.decompress(zlib.compress(b"packed")).decode())
print("sqlite3", sqlite3.connect(":memory:").execute("select 6 * 7").fetchone()[0])
print("ctypes", ctypes.CDLL("libc.so.6").abs(-7))
print("certificates", ssl.create_default_context().cert_store_stats()["x509_ca"] > 100)
print("LD_LIBRARY_PATH", os.environ.get("LD_LIBRARY_PATH"), "uid", os.getuid())
`

func (e *env) runs(t *testing.T, arch string) {
	c := runc.New(t, e.layout(t, "//images:python", platform(arch)), arch)
	args := append(slices.Clone(c.Config.Config.Entrypoint), "-c", probe)
	start := time.Now()
	r := c.Run(t, args...)
	if r.Err != nil || !strings.HasPrefix(r.Stdout, "Python 3.") {
		t.Fatal(r)
	}
	t.Logf("%.2f s\n%s", time.Since(start).Seconds(), r.Stdout)
	for _, want := range []string{archs()[arch] + "\n", "zlib packed\n", "sqlite3 42\n", "ctypes 7\n", "certificates True\n", "LD_LIBRARY_PATH None uid 65532\n"} {
		if !strings.Contains(r.Stdout, want) {
			t.Errorf("want %q, got %s", want, r)
		}
	}
}

// linkerCache checks that the image's own ld.so.cache, not a search of folders, finds the libraries.
func (e *env) linkerCache(t *testing.T) {
	for arch := range archs() {
		c := runc.New(t, e.layout(t, "//images:python", platform(arch)), arch)
		cache := filepath.Join(c.Root, "etc", "ld.so.cache")
		list := program.Run(t, "/sbin/ldconfig", "-p", "-C", cache)
		for _, library := range []string{"libssl.so.3", "libsqlite3.so.0", "libz.so.1", "libffi.so.8", "libc.so.6"} {
			if !strings.Contains(list, "\t"+library+" (libc6") {
				t.Errorf("%s: %s is not in the cache:\n%s", arch, library, list)
			}
		}
		r := traced(t, c, arch)
		if r.Err != nil || !strings.Contains(r.Stderr, "search cache=/etc/ld.so.cache") || strings.Contains(r.Stderr, "(system search path)") {
			t.Errorf("%s: want all libraries from the cache, got %s", arch, r)
		}
	}
}

// traced imports modules with libraries while the dynamic linker tells where it looks.
func traced(t *testing.T, c *runc.Container, arch string) program.Result {
	t.Helper()
	const imports = "import ssl, sqlite3, ctypes, zlib"
	if arch == "amd64" {
		return c.Run(t, "/usr/bin/python3", "-c", fmt.Sprintf("import os; os.execve(%q, ['python3', '-c', %q], {'LD_DEBUG': 'libs'})", "/usr/bin/python3", imports))
	}
	// The emulator takes no environment from the program that it emulates, and starts no other.
	emulator, err := exec.LookPath("qemu-aarch64-static")
	if err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	data, err := os.ReadFile(emulator)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.Root, "emulator"), data, 0o755); err != nil {
		t.Fatal(err)
	}
	return program.Command{Name: "chroot", Args: []string{c.Root, "/emulator", "-E", "LD_DEBUG=libs", "/usr/bin/python3", "-c", imports}}.Run(t)
}
