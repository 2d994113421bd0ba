package apk

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/assembly"
	"github.com/rules-apk/rules_apk/e2e/internal/filetree"
	"github.com/rules-apk/rules_apk/e2e/internal/image"
	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
	"github.com/rules-apk/rules_apk/tools/rootfs"
)

// A busybox of Alpine 3.13, for another architecture, whose package lists its applets nowhere: the links are those that
// the program itself makes.
func TestAppletsWithoutAList(t *testing.T) {
	program.RequireRoot(t)
	program.Require(t, "qemu-aarch64-static")
	const arch = "aarch64"
	shared := workspace.Shared(t)
	var packages []assembly.Package
	for _, name := range []string{"alpine-baselayout", "musl", "busybox", "busybox-suid"} {
		files, err := filepath.Glob(filepath.Join(shared, "apk", "alpine", arch, name+"-[0-9]*.apk"))
		if err != nil || len(files) != 1 {
			t.Fatalf("packages %s: %q, %v; want one", name, files, err)
		}
		version := strings.TrimPrefix(strings.TrimSuffix(filepath.Base(files[0]), ".apk"), name+"-")
		packages = append(packages, assembly.Package{Name: name, Version: version, File: files[0]})
	}
	a := &assembly.Assembler{Ocibuild: program.Build(t, workspace.Checkout(t), "./tools/cmd/ocibuild"), Dir: t.TempDir(), Arch: arch}
	out := a.Image(t, "image", map[string]any{"world": []string{}}, packages)
	image, err := image.FromLayout(out.Layout, "arm64")
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := filepath.Join(a.Dir, "ours"), filepath.Join(a.Dir, "theirs")
	if err := rootfs.Unpack(image, ours); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(theirs, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, p := range packages {
		program.Run(t, "tar", "--extract", "--gzip", "--warning=no-unknown-keyword", "--exclude=.*", "--file="+p.File, "--directory="+theirs)
	}
	// What the package's scripts do.
	emulator := filepath.Join(theirs, "qemu")
	installed, err := exec.LookPath("qemu-aarch64-static")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(installed)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(emulator, data, 0o755); err != nil {
		t.Fatal(err)
	}
	program.Run(t, "chroot", theirs, "/qemu", "/bin/busybox", "mkdir", "-p", "/bin", "/sbin", "/usr/bin", "/usr/sbin")
	program.Run(t, "chroot", theirs, "/qemu", "/bin/bbsuid", "--install")
	program.Run(t, "chroot", theirs, "/qemu", "/bin/busybox", "--install", "-s")

	got, want := links(t, ours), links(t, theirs)
	if len(want) < 300 {
		t.Errorf("the programs made %d links, want all", len(want))
	}
	for _, d := range filetree.Diff(got, want, func(string, string, string) bool { return false }) {
		t.Error(d)
	}
}

// links are the symlinks of a root.
func links(t *testing.T, root string) filetree.Tree {
	t.Helper()
	tree := filetree.Read(t, root)
	for path, line := range tree {
		if !strings.HasPrefix(line, "L") {
			delete(tree, path)
		}
	}
	return tree
}
