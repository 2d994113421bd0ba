package apk

import (
	"archive/tar"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/filetree"
	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/realapk"
	"github.com/rules-apk/rules_apk/e2e/internal/signingkey"
	"github.com/rules-apk/rules_apk/e2e/internal/tarapk"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

// distribution makes a repository of the real packages of a glibc distribution, with an index and a key of the test's
// own, and returns its name in the chroot.
func (b *bench) distribution(t *testing.T) string {
	t.Helper()
	packages, err := filepath.Glob(filepath.Join(workspace.Shared(t), "apk", "glibc", realapk.Arch, "*.apk"))
	if err != nil || len(packages) < 30 {
		t.Fatalf("%d packages of a glibc distribution (%v), want more than 30", len(packages), err)
	}
	key, err := signingkey.Write(b.dir, "glibc")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(b.dir, "glibc-repository")
	args := append([]string{"repository", "--arch=" + realapk.Arch, "--repository-out=" + dir}, key.Flags()...)
	// What the packages need of the distribution that is not here.
	missing := filepath.Join(b.dir, "missing-1-r0.apk")
	tarapk.Write(t, missing, tarapk.Package{Name: "missing", Info: "provides = glibc-locale-posix so:ld-linux-aarch64.so.1 wolfi-baselayout " +
		"krb5-conf so:libkeyutils.so.1 localedef posix-libc-utils so:libstdc++.so.6\nprovider_priority = 1\n"})
	for _, p := range append(packages, missing) {
		args = append(args, "--apk="+p)
	}
	program.Run(t, b.ocibuild, args...)
	public, err := os.ReadFile(key.Public)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.apk.Root, "etc/apk/keys", key.Name()), public, 0o644); err != nil {
		t.Fatal(err)
	}
	b.apk.AddRepository(t, "glibc", dir)
	return "/repo/glibc"
}

// A distribution with glibc, whose baselayout ships /tmp as 0755, whose packages state no commit and one of which ships
// an ld.so.cache that is out of date: the image is the system that apk makes of it, but for the cache, and its programs
// run.
func TestGlibcDistribution(t *testing.T) {
	b := newBench(t)
	repository := b.distribution(t)
	for name, world := range map[string][]string{
		"shell": {"bash", "busybox", "ca-certificates-bundle", "ld-linux"},
		"tools": {"apk-tools", "bzip2", "sqlite", "wget", "xz", "ca-certificates", "tzutils", "nscd", "libc-bin", "krb5-libs", "pkgconf", "mpdecimal", "expat"},
	} {
		t.Run(name, func(t *testing.T) {
			slices.Sort(world)
			packages := b.apk.Install(t, "/real-"+name, []string{repository}, world...)
			spec := map[string]any{"world": world}
			i := b.image(t, "ours-"+name, spec, packages, repository)
			cache := filepath.Join(b.apk.Root, i.root, "etc/ld.so.cache")
			made, stale := listing(t, cache), listing(t, filepath.Join(b.apk.Root, "real-"+name, "etc/ld.so.cache"))
			for _, want := range []string{"libc.so.6", "libz.so.1", "libcrypto.so.3"} {
				has := func(lines []string) bool {
					return slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, want+" ") })
				}
				_, err := os.Stat(filepath.Join(b.apk.Root, i.root, "lib", want))
				_, usrErr := os.Stat(filepath.Join(b.apk.Root, i.root, "usr/lib", want))
				if there := err == nil || usrErr == nil; has(made) != there {
					t.Errorf("the cache lists %s: %v, and the image has it: %v", want, has(made), there)
				}
			}
			if slices.Equal(made, stale) {
				t.Error("the cache is the package's, which is out of date")
			}
			// The rest is the same, to the byte.
			data, err := os.ReadFile(filepath.Join(b.apk.Root, "real-"+name, "etc/ld.so.cache"))
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(os.WriteFile(cache, data, 0), os.Chmod(cache, 0o755)); err != nil {
				t.Fatal(err)
			}
			b.compare(t, i.root, "/real-"+name)
			tree := filetree.Read(t, filepath.Join(b.apk.Root, i.root))
			if !strings.HasPrefix(tree["tmp"], "dtrwxrwxrwx 0:0") {
				t.Errorf("/tmp is %s, want 1777", tree["tmp"])
			}
		})
	}
	t.Run("runs", func(t *testing.T) {
		// The programs name /lib64/ld-linux-x86-64.so.2, and no package ships /lib64.
		b.repository(t, "lib64", tarapk.Package{Name: "lib64", Entries: []tarapk.Entry{
			{Header: tar.Header{Typeflag: tar.TypeSymlink, Name: "lib64", Linkname: "lib", Mode: 0o777}},
		}})
		world := []string{"bash", "lib64", "sqlite", "xz", "zlib"} // sqlite does not say that it needs zlib
		packages := b.apk.Install(t, "/real-runs", []string{repository, "/repo/lib64"}, world...)
		i := b.image(t, "ours-runs", map[string]any{"world": world}, packages, repository, "/repo/lib64")
		root := filepath.Join(b.apk.Root, i.root)
		if got := program.Run(t, "chroot", root, "/usr/bin/sqlite3", ":memory:", "select 20 + 22"); strings.TrimSpace(got) != "42" {
			t.Errorf("sqlite3 says %q, want 42", got)
		}
		program.Run(t, "chroot", root, "/usr/bin/xz", "--version")
		program.Run(t, "chroot", root, "/usr/bin/bash", "-c", "echo > /tmp/x")
	})
}

// gcompat gives programs for glibc a linker under glibc's name on musl, which reads no ld.so.cache.
func TestNoLibraryCacheForMusl(t *testing.T) {
	b := newBench(t)
	repository := b.repository(t, "gcompat", tarapk.Package{Name: "gcompat", Entries: []tarapk.Entry{
		{Header: tar.Header{Typeflag: tar.TypeDir, Name: "lib/", Mode: 0o755}},
		{Header: tar.Header{Typeflag: tar.TypeSymlink, Name: "lib/ld-linux-x86-64.so.2", Linkname: "libc.musl-x86_64.so.1", Mode: 0o777}},
		{Header: tar.Header{Typeflag: tar.TypeSymlink, Name: "lib/libc.so.6", Linkname: "libc.musl-x86_64.so.1", Mode: 0o777}},
	}})
	world := []string{"gcompat", "musl", "zlib"}
	packages := b.apk.Install(t, "/real", []string{"/repo/alpine", repository}, world...)
	i := b.image(t, "ours", map[string]any{"world": world}, packages, "/repo/alpine", repository)
	b.same(t, i.root, "/real")
}

// Directories that apk makes before it installs anything stay as it made them; and apk can go on from an image of which
// no package has a /var.
func TestInitialDirectories(t *testing.T) {
	b := newBench(t)
	dir := func(name string, mode int64, uid int) tarapk.Entry {
		return tarapk.Entry{Header: tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: mode, Uid: uid}}
	}
	odd := tarapk.Package{Name: "odd", Info: "commit = \n", Entries: []tarapk.Entry{
		dir("dev/", 0o700, 1), dir("etc/", 0o700, 2), dir("etc/apk/", 0o701, 1), dir("lib/", 0o711, 0), dir("lib/apk/", 0o701, 3),
		dir("tmp/", 0o755, 4), dir("var/", 0o711, 5), dir("var/cache/", 0o1777, 0), dir("var/tmp/", 0o1777, 0), dir("usr/", 0o700, 9),
	}}
	plain := tarapk.Package{Name: "plain", Entries: []tarapk.Entry{dir("usr/", 0o755, 0), {Header: tar.Header{Name: "usr/x", Mode: 0o644}, Content: "x"}}}
	for _, p := range []tarapk.Package{odd, plain} {
		t.Run(p.Name, func(t *testing.T) {
			repository := b.repository(t, p.Name, p)
			packages := b.apk.Install(t, "/real-"+p.Name, []string{repository}, p.Name)
			i := b.image(t, "ours-"+p.Name, map[string]any{"world": []string{p.Name}}, packages, repository)
			b.compare(t, i.root, "/real-"+p.Name)
			more := b.repository(t, "more-"+p.Name, tarapk.Package{Name: "more", Entries: []tarapk.Entry{dir("usr/", 0o755, 0), {Header: tar.Header{Name: "usr/more", Mode: 0o644}}}})
			b.apk.Run(t, append(append([]string{"add", "--no-scripts"}, realapk.Flags(i.root, repository, more)...), "more")...)
			if _, err := os.Stat(filepath.Join(b.apk.Root, i.root, "usr/more")); err != nil {
				t.Error(err)
			}
		})
	}
}
