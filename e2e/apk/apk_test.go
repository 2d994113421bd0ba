// Package apk checks images against the real apk: the same packages, put into an image's layers by ocibuild and
// installed by apk, must give the same system.
package apk

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/assembly"
	"github.com/rules-apk/rules_apk/e2e/internal/filetree"
	"github.com/rules-apk/rules_apk/e2e/internal/image"
	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/realapk"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
	"github.com/rules-apk/rules_apk/tools/rootfs"
)

// bench is what the tests here work with: an apk, an ocibuild, and what it built.
type bench struct {
	apk       *realapk.Apk
	ocibuild  string
	dir       string
	assembler *assembly.Assembler
}

func newBench(t *testing.T) *bench {
	t.Helper()
	shared := workspace.Shared(t)
	b := &bench{
		apk:      realapk.New(t, shared),
		ocibuild: program.Build(t, workspace.Checkout(t), "./tools/cmd/ocibuild"),
		dir:      t.TempDir(),
	}
	b.assembler = &assembly.Assembler{Ocibuild: b.ocibuild, Dir: b.dir}
	return b
}

// built is what image makes, and where apk sees its root.
type built struct {
	assembly.Output
	root string // as apk sees it
}

// image builds an image of packages, named NAME-VERSION in install order out of the given repositories, and unpacks it
// to the folder to of the chroot.
func (b *bench) image(t *testing.T, to string, spec map[string]any, packages []string, repositories ...string) built {
	t.Helper()
	var files []assembly.Package
	for _, p := range packages {
		files = append(files, assembly.Package{Name: name(p), Version: p[len(name(p))+1:], File: b.find(t, p, repositories)})
	}
	out := b.assembler.Image(t, to, spec, files)
	content, err := image.FromLayout(out.Layout, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	if err := rootfs.Unpack(content, filepath.Join(b.apk.Root, to)); err != nil {
		t.Fatal(err)
	}
	return built{out, "/" + to}
}

var version = regexp.MustCompile(`-[0-9][^-]*-r[0-9]+$`)

// name cuts the version off NAME-VERSION.
func name(pkg string) string { return version.ReplaceAllString(pkg, "") }

func (b *bench) find(t *testing.T, pkg string, repositories []string) string {
	t.Helper()
	for _, r := range repositories {
		file := filepath.Join(b.apk.Root, r, realapk.Arch, pkg+".apk")
		if _, err := os.Stat(file); err == nil {
			return file
		}
	}
	t.Fatalf("no package %s in %q", pkg, repositories)
	return ""
}

// generated says which differences between an image and a root of apk's there may be. It is the written list of them.
func generated(path, got, want string) bool {
	switch path {
	case "lib/apk/db/scripts.tar": // the files' times; compared on its own
		return true
	case "lib/apk/db/installed": // compared on its own
		return true
	case "dev/console", "dev/null", "dev/random", "dev/urandom", "dev/zero": // apk --initdb makes device nodes
		return got == ""
	case "dev", "etc", "etc/apk", "lib", "lib/apk", "lib/apk/db", "tmp", "var/cache", "var/cache/apk", "var/cache/misc": // apk --initdb makes directories
		return got == ""
	case "proc": // apk --initdb makes it with mode 0555
		return true
	case "etc/passwd", "etc/group", "etc/shadow": // accounts that install scripts add, which apk does not run here
		return strings.Fields(got)[0] == strings.Fields(want)[0]
	case "var/lib/dhcpcd": // the home directory of such an account
		return want == ""
	}
	// The links that busybox's trigger would make, which apk does not run here.
	return want == "" && (strings.HasSuffix(got, " -> /bin/busybox") || strings.HasSuffix(got, " -> /usr/bin/busybox") || strings.HasSuffix(got, " -> /bin/bbsuid"))
}

// installed reads a database for comparison. apk writes the "r:" line of a package without directories into the next
// package's entry; here all are left out, and compared as one list.
func installed(t *testing.T, root string) (database, replaces string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "lib/apk/db/installed"))
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^[rq]:.*\n`)
	found := lines.FindAllString(string(data), -1)
	slices.Sort(found)
	return lines.ReplaceAllString(string(data), ""), strings.Join(found, "")
}

// same compares an image's root with apk's, and lets apk check it.
func (b *bench) same(t *testing.T, got, want string) {
	t.Helper()
	b.compare(t, got, want)
	if out := b.apk.Run(t, "audit", "--root", got, "--system"); out != "" {
		t.Errorf("apk audit --system prints:\n%s", out)
	}
}

// compare compares an image's root with apk's: trees, databases and scripts.
func (b *bench) compare(t *testing.T, got, want string) {
	t.Helper()
	gotDir, wantDir := filepath.Join(b.apk.Root, got), filepath.Join(b.apk.Root, want)
	for _, d := range filetree.Diff(filetree.Read(t, gotDir), filetree.Read(t, wantDir), generated) {
		t.Error(d)
	}
	gotDB, gotReplaces := installed(t, gotDir)
	wantDB, wantReplaces := installed(t, wantDir)
	if gotDB != wantDB || gotReplaces != wantReplaces {
		t.Errorf("databases differ:\n%s", firstDifference(gotDB+gotReplaces, wantDB+wantReplaces))
	}
	list := func(dir string) string {
		return program.Run(t, "tar", "--list", "--verbose", "--full-time", "--mtime=@0", "--file", filepath.Join(dir, "lib/apk/db/scripts.tar"))
	}
	times := regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?`)
	if g, w := times.ReplaceAllString(list(gotDir), ""), times.ReplaceAllString(list(wantDir), ""); g != w {
		t.Errorf("scripts.tar differs:\n%s", firstDifference(g, w))
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d:\n  got  %q\n  want %q\n  before it: %q", i+1, g[i], w[i], g[max(0, i-3):i])
		}
	}
	return fmt.Sprintf("got %d lines, want %d", len(g), len(w))
}

// worlds is how many random worlds TestRandomWorlds tries.
const worlds = 30

// The image of random packages and what apk makes of them are the same system, and apk can go on from the image.
func TestRandomWorlds(t *testing.T) {
	b := newBench(t)
	names := b.names(t)
	for seed := range worlds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewSource(int64(seed)))
			world := b.draw(t, random, names)
			t.Log(world)
			real, ours := fmt.Sprintf("/real%d", seed), fmt.Sprintf("ours%d", seed)
			packages := b.apk.Install(t, real, []string{"/repo/alpine"}, world...)
			i := b.image(t, ours, map[string]any{"world": world}, packages, "/repo/alpine")
			b.same(t, i.root, real)
			b.goOn(t, i.root, packages, names)
		})
	}
}

// draw picks packages until apk has a solution for them: some of the repository conflict.
func (b *bench) draw(t *testing.T, random *rand.Rand, names []string) []string {
	t.Helper()
	for range 100 {
		world := []string{"alpine-base"}
		for _, i := range random.Perm(len(names))[:1+random.Intn(12)] {
			world = append(world, names[i])
		}
		slices.Sort(world)
		world = slices.Compact(world)
		if b.apk.CanInstall(t, []string{"/repo/alpine"}, world...) {
			return world
		}
	}
	t.Fatal("drew 100 worlds, none of which can be installed")
	return nil
}

// goOn lets apk work on an image's root: list, check, add a package and remove one.
func (b *bench) goOn(t *testing.T, root string, packages, names []string) {
	t.Helper()
	var listed []string
	for line := range strings.Lines(b.apk.Run(t, "info", "--root", root, "-vv")) {
		listed = append(listed, strings.Fields(line)[0])
	}
	want := slices.Sorted(slices.Values(packages))
	slices.Sort(listed)
	if !slices.Equal(listed, want) {
		t.Errorf("apk info -vv lists %q, want %q", listed, want)
	}
	flags := realapk.Flags(root, "/repo/alpine")
	b.apk.Run(t, append([]string{"fix", "--simulate"}, flags...)...)
	for _, name := range names {
		if !slices.ContainsFunc(packages, func(p string) bool { return strings.HasPrefix(p, name+"-") }) {
			b.apk.Run(t, append(append([]string{"add", "--no-scripts"}, flags...), name)...)
			b.apk.Run(t, append(append([]string{"del", "--no-scripts"}, flags...), name)...)
			return
		}
	}
}

// names returns the names of the repository's packages, sorted.
func (b *bench) names(t *testing.T) []string {
	t.Helper()
	var names []string
	for line := range strings.Lines(program.Run(t, "tar", "--extract", "--to-stdout", "--gzip", "--file", filepath.Join(b.apk.Root, "repo/alpine", realapk.Arch, "APKINDEX.tar.gz"), "APKINDEX")) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "P:"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if len(names) < 100 {
		t.Fatalf("%d packages in the index, want 100", len(names))
	}
	return names
}
