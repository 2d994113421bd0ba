// Package realapk runs the real apk 2.14 in a chroot, for tests that compare images with what apk itself would install.
package realapk

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
)

// Arch is the architecture of the apk in the chroot.
const Arch = "x86_64"

// Apk is an apk in a chroot of its own.
type Apk struct {
	// Root is the folder of the chroot. Roots for apk to work on lie in it, and are named as apk sees them: "/name".
	Root string
}

// New sets the chroot up out of the real packages in the folder shared. It skips the test on a machine that cannot run
// it.
func New(t testing.TB, shared string) *Apk {
	t.Helper()
	program.RequireRoot(t)
	program.Require(t, "tar", "chroot")
	a := &Apk{Root: t.TempDir()}
	packages := filepath.Join(shared, "apk", "alpine", Arch)
	for _, name := range []string{"musl", "zlib", "libcrypto3", "libssl3", "apk-tools"} {
		files, err := filepath.Glob(filepath.Join(packages, name+"-[0-9]*.apk"))
		if err != nil || len(files) != 1 {
			t.Fatalf("packages %s in %s: %q, %v; want one", name, packages, files, err)
		}
		program.Run(t, "tar", "--extract", "--gzip", "--warning=no-unknown-keyword", "--file", files[0], "--directory", a.Root)
	}
	a.copy(t, filepath.Join(shared, "apk", "keys"), "etc/apk/keys")
	a.copy(t, packages, "repo/alpine/"+Arch)
	return a
}

func (a *Apk) copy(t testing.TB, from, to string) {
	t.Helper()
	if err := os.CopyFS(filepath.Join(a.Root, to), os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// AddRepository makes a folder with an architecture's packages and index known as /repo/NAME. The packages need not be
// signed by a known key.
func (a *Apk) AddRepository(t testing.TB, name, dir string) {
	t.Helper()
	a.copy(t, dir, "repo/"+name)
}

// Run runs apk and returns what it prints. A failure ends the test.
func (a *Apk) Run(t testing.TB, args ...string) string {
	t.Helper()
	return program.Run(t, "chroot", append([]string{a.Root, "/sbin/apk"}, args...)...)
}

// Try is Run that returns a failure.
func (a *Apk) Try(t testing.TB, args ...string) program.Result {
	t.Helper()
	return program.Command{Name: "chroot", Args: append([]string{a.Root, "/sbin/apk"}, args...)}.Run(t)
}

var installing = regexp.MustCompile(`(?m)^\(\d+/\d+\) Installing (\S+) \((\S+)\)$`)

// CanInstall says whether apk finds a solution for a world in the repositories.
func (a *Apk) CanInstall(t testing.TB, repositories []string, world ...string) bool {
	t.Helper()
	root := "/simulated"
	if _, err := os.Stat(filepath.Join(a.Root, root)); err != nil {
		a.init(t, root)
	}
	args := append([]string{"add", "--simulate"}, Flags(root, repositories...)...)
	return a.Try(t, append(args, world...)...).Err == nil
}

func (a *Apk) init(t testing.TB, root string) {
	t.Helper()
	a.Run(t, "add", "--initdb", "--root", root, "--arch", Arch, "--no-network")
	if err := os.MkdirAll(filepath.Join(a.Root, root, "var/cache/apk"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// Install makes an empty root (named as apk sees it) and adds packages to it from the repositories, running no script.
// It returns their NAME-VERSION in the order in which they were installed.
func (a *Apk) Install(t testing.TB, root string, repositories []string, world ...string) []string {
	t.Helper()
	a.init(t, root)
	args := append([]string{"add", "--no-scripts"}, Flags(root, repositories...)...)
	var order []string
	for _, m := range installing.FindAllStringSubmatch(a.Run(t, append(args, world...)...), -1) {
		order = append(order, m[1]+"-"+m[2])
	}
	return order
}

// Flags are those that let apk work on a root with the given repositories besides those that the root itself names.
func Flags(root string, repositories ...string) []string {
	flags := []string{"--root", root, "--arch", Arch, "--keys-dir", "/etc/apk/keys", "--no-network", "--no-progress", "--allow-untrusted"}
	for _, r := range repositories {
		flags = append(flags, "--repository", r)
	}
	return flags
}
