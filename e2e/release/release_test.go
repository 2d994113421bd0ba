// Package release uses a release of rules_apk as its users get it: from a registry and a server, in a workspace that
// has neither Go nor rules_go.
package release

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rules-apk/rules_apk/e2e/internal/filehost"
	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

// released is a release on a server.
type released struct {
	dir, registry string
	host          *filehost.Host
}

// publish makes a release of this checkout, for this machine, and serves it beside the real packages.
func publish(t *testing.T) *released {
	t.Helper()
	root := workspace.Checkout(t)
	served := t.TempDir()
	host, err := filehost.Start(served)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = host.Close() })
	make := program.Build(t, root, "./tools/release")
	r := &released{dir: filepath.Join(served, "release"), host: host}
	run := program.Command{Name: make, Timeout: 20 * time.Minute, Args: []string{
		"--checkout=" + root, "--out=" + r.dir, "--base-url=" + host.URL + "/release", "--platforms=" + runtime.GOOS + "_" + runtime.GOARCH,
	}}
	if result := run.Run(t); result.Err != nil {
		t.Fatal(result)
	}
	r.registry = "file://" + filepath.Join(r.dir, "registry")
	return r
}

const module = `module(name = "user", version = "1.0.0")

bazel_dep(name = "rules_apk", version = "%s")

apk = use_extension("@rules_apk//apk:extensions.bzl", "apk")
apk.lock(name = "alpine", config = "//:apk.yaml", lock = "//:apk.lock.json")
use_repo(apk, "alpine")
`

const image = `load("@rules_apk//apk:defs.bzl", "apk_image")

apk_image(
    name = "ssh",
    entrypoint = ["/usr/bin/ssh"],
    packages = ["@alpine//alpine-base", "@alpine//ca-certificates-bundle", "@alpine//openssh"],
)
`

// version is that of the release.
func (r *released) version(t *testing.T) string {
	t.Helper()
	entries, err := filepath.Glob(filepath.Join(r.dir, "registry", "modules", "rules_apk", "*", "source.json"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("got %v, want one version in the registry (%v)", entries, err)
	}
	return filepath.Base(filepath.Dir(entries[0]))
}

func (r *released) module(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, "registry", "modules", "rules_apk", r.version(t), "MODULE.bazel"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestUsersWorkspace(t *testing.T) {
	shared := workspace.Shared(t)
	r := publish(t)
	if err := os.CopyFS(filepath.Join(filepath.Dir(r.dir), "alpine"), os.DirFS(filepath.Join(shared, "apk", "alpine"))); err != nil {
		t.Fatal(err)
	}
	w := workspace.NewOfRegistry(t, map[string]string{
		"MODULE.bazel": fmt.Sprintf(module, r.version(t)), "BUILD.bazel": "", "images/BUILD.bazel": image, "apk.lock.json": "",
		"apk.yaml": fmt.Sprintf("repositories: [%s/alpine]\nkeyring: [%s]\narchs: [x86_64]\npackages: [alpine-base, ca-certificates-bundle, openssh]\n",
			r.host.URL, filepath.Join(shared, "apk", "keys")),
	}, "", []string{r.registry}, r.module(t))

	var own time.Duration // what Bazel's own start takes
	timed := func(what string, bound time.Duration, args ...string) string {
		t.Helper()
		start := time.Now()
		out := w.Bazel(t, args...)
		took, traffic := time.Since(start), r.host.Take()
		release, packages := 0, 0
		for _, path := range traffic.Paths {
			if strings.HasPrefix(path, "/release/") {
				release++
			} else {
				packages++
			}
		}
		t.Logf("%s: %.1f s, %d bytes in %d files of the release and %d of the repository", what, took.Seconds(), traffic.Bytes, release, packages)
		if bound > 0 && took > bound+own {
			t.Errorf("%s took %s, want at most %s beyond the %s of Bazel's own start", what, took, bound, own)
		}
		return out
	}
	// Bazel's own start, and the modules that any workspace has.
	start := time.Now()
	timed("bazel info: Bazel's own start", 0, "info", "release")
	own = time.Since(start)
	graph := timed("bazel mod graph", 0, "mod", "graph")
	t.Logf("bazel mod graph:\n%s", graph)
	for _, name := range []string{"rules_go", "gazelle"} {
		if strings.Contains(graph, name) {
			t.Errorf("%s is in the module graph", name)
		}
	}
	timed("bazel run @alpine//:lock", 15*time.Second, "run", "@alpine//:lock")
	if !strings.Contains(w.Read(t, "apk.lock.json"), `"openssh"`) {
		t.Error("the lock does not name openssh")
	}
	timed("bazel build //images:ssh", 30*time.Second, "build", "//images:ssh")
	digest := w.Read(t, "bazel-bin/images/ssh.digest")
	t.Logf("the image's digest: %s", digest)
	if !regexp.MustCompile(`^sha256:[0-9a-f]{64}\s*$`).MatchString(digest) {
		t.Error("that is no digest")
	}
	timed("bazel test @alpine//:lock_test", 0, "test", "@alpine//:lock_test")
	timed("bazel build //images:ssh --output_groups=oci_layout", 0, "build", "--output_groups=oci_layout", "//images:ssh")
	if help := timed("bazel run @rules_apk//tools:ocideploy", 0, "run", "@rules_apk//tools:ocideploy", "--", "help"); !strings.Contains(help, "push") {
		t.Errorf("got %q, want ocideploy's help", help)
	}
}
