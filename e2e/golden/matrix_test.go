package golden

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

// variant is a way to build the same workspace.
type variant struct {
	name    string
	flags   []string
	wrapper []string // what starts Bazel, and with it Bazel's server
	prepare func(t *testing.T, w *workspace.Workspace)
	ran     func(s workspace.Spawn) bool // whether an action was run as the variant says
	replay  bool                         // run the actions once more, each with nothing around it
}

func variants(t *testing.T) []variant {
	runner := func(names ...string) func(workspace.Spawn) bool {
		return func(s workspace.Spawn) bool {
			for _, name := range names {
				if strings.Contains(s.Runner, name) {
					return true
				}
			}
			return false
		}
	}
	sandboxed := []string{"--spawn_strategy=sandboxed"}
	all := []variant{
		{name: "worker", ran: runner("worker")},
		{name: "sandboxed worker", flags: []string{"--worker_sandboxing"}, ran: runner("worker")},
		{name: "sandboxed", flags: sandboxed, ran: runner("sandbox")},
		{name: "local", flags: []string{"--spawn_strategy=local"}, ran: runner("local"), replay: true},
		// Images of several architectures come from several configurations: Bazel does not map the paths of their
		// actions. Nor does it here map those of Go's compiler, which takes minutes.
		{name: "path mapping", flags: append(sandboxed, "--experimental_output_paths=strip",
			"--modify_execution_info=^(Apk|Oci).*=+no-cache,^Go.*=-supports-path-mapping"), ran: func(s workspace.Spawn) bool {
			return s.Mnemonic == "OciIndex" || s.Mnemonic == "OciLayout" || strings.Contains(strings.Join(s.CommandArgs, " "), "bazel-out/cfg/")
		}},
		{name: "-c opt", flags: []string{"--compilation_mode=opt"}},
		{name: "1 CPU", wrapper: []string{"taskset", "--cpu-list", "0"}},
		{name: "2 CPUs", wrapper: []string{"taskset", "--cpu-list", "0,1"}},
		{name: "another umask", wrapper: []string{"sh", "-c", `umask 027; exec "$@"`, "sh"}},
		{name: "another user", flags: append(sandboxed, "--sandbox_fake_username"), ran: runner("linux-sandbox")},
		{name: "another TZ and LANG", wrapper: []string{"env", "TZ=Pacific/Kiritimati", "LANG=tr_TR.UTF-8", "LC_ALL=tr_TR.UTF-8"},
			flags: []string{"--action_env=TZ=Pacific/Kiritimati", "--action_env=LANG=tr_TR.UTF-8"}},
		{name: "another output base", prepare: func(t *testing.T, w *workspace.Workspace) { w.NewBase(t) }},
		{name: "another go.mod", prepare: func(t *testing.T, w *workspace.Workspace) { goMod(t, w, newer) }},
	}
	for i := range all {
		if all[i].ran == nil {
			all[i].ran = func(workspace.Spawn) bool { return true }
		}
	}
	return all
}

// newer are releases of what ocibuild is built of that this project does not ask for.
const newer = `
	github.com/bmatcuk/doublestar/v4 v4.9.2
	github.com/google/go-containerregistry v0.20.7
	golang.org/x/sync v0.18.0
	golang.org/x/sys v0.38.0
`

// goMod gives the workspace Go dependencies of its own, of which Bazel takes the newest that any module asks for.
func goMod(t *testing.T, w *workspace.Workspace, require string) {
	t.Helper()
	if !strings.Contains(w.Read(t, "MODULE.bazel"), "go_deps") {
		w.Write(t, "MODULE.bazel", w.Read(t, "MODULE.bazel")+`
bazel_dep(name = "gazelle", version = "0.47.0")

go_deps = use_extension("@gazelle//:extensions.bzl", "go_deps")
go_deps.from_file(go_mod = "//:go.mod")
`)
	}
	w.Write(t, "go.mod", "module example.com/golden\n\ngo 1.24.0\n\nrequire ("+require+")\n")
	download := program.Command{Name: "go", Args: []string{"mod", "download", "all"}, Dir: w.Dir, Env: []string{"GOFLAGS=-mod=mod", "GOWORK=off"}}
	if r := download.Run(t); r.Err != nil {
		t.Fatal(r)
	}
}

// However the same sources are built, every image and package has the digest of the golden list.
func TestMatrix(t *testing.T) {
	program.Require(t, "taskset")
	w := newWorkspace(t)
	lock(t, w)
	want := golden(t)
	table := []string{"build, actions run, digests, SHA-256 of the list"}
	for _, v := range variants(t) {
		t.Run(v.name, func(t *testing.T) {
			w.Bazel(t, "clean")
			w.Bazel(t, "shutdown")
			w.Wrapper = v.wrapper
			defer func() {
				w.Bazel(t, "shutdown")
				w.Wrapper = nil
			}()
			if v.prepare != nil {
				v.prepare(t, w)
			}
			flags := append([]string{"--platforms=//platforms:amd64", "//:all"}, v.flags...)
			spawns := w.Spawns(t, flags...)
			ours := 0
			for _, s := range spawns {
				if !strings.HasPrefix(s.Mnemonic, "Oci") && !strings.HasPrefix(s.Mnemonic, "Apk") {
					continue
				}
				if ours++; !v.ran(s) {
					t.Errorf("%s of %s was run by %s", s.Mnemonic, s.TargetLabel, s.Runner)
				}
			}
			if ours < 100 {
				t.Errorf("%d actions were run, want all", ours)
			}
			if v.replay {
				t.Run("remote", func(t *testing.T) {
					n := replay(t, strings.TrimSpace(w.Bazel(t, append([]string{"info", "execution_root"}, v.flags...)...)), spawns)
					table = append(table, fmt.Sprintf("%-22s %4d the same outputs", "copied, another user", n))
				})
			}
			got := digests(t, w, v.flags...)
			for _, d := range difference(got, want) {
				t.Error(d)
			}
			row := fmt.Sprintf("%-22s %4d %4d %x", v.name, ours, len(got), sha256.Sum256([]byte(strings.Join(got, "\n"))))
			t.Log(row)
			table = append(table, row)
		})
	}
	t.Log("\n" + strings.Join(table, "\n"))
	t.Run("another compressor", func(t *testing.T) { otherCompressor(t, w) })
}

// A newer compressor would give all layers other digests, without anybody's knowing.
func otherCompressor(t *testing.T, w *workspace.Workspace) {
	goMod(t, w, "\n\tgithub.com/klauspost/compress v1.20.4\n")
	r := w.Try(t, "build", "--platforms=//platforms:amd64", "//:files_layer", "//:zstd_layer", "//:hello_data", "--keep_going")
	for _, want := range []string{"gzip: this program was built with a compressor that gives digest", "zstd: this program was built with a compressor that gives digest",
		"as from github.com/klauspost/compress 1.18.0"} {
		if r.Err == nil || !strings.Contains(r.Stderr, want) {
			t.Errorf("want an error with %q, got %s", want, r)
		}
	}
}

const canaryBuild = `
load("@rules_apk//apk:defs.bzl", "apk_package")
load("@rules_apk//oci:defs.bzl", "oci_layer")
load("//:defs.bzl", "links", "tree")

tree(name = "absolute", command = "ln -s CANARY leaf")

tree(name = "folder", command = "ln -s $(dirname CANARY) sub")

[oci_layer(name = name + "_layer", files = {name: "/x"}) for name in ["absolute", "folder"]]

[apk_package(
    name = name + "_package",
    arch = "noarch",
    description = "a link out of the build",
    files = {name: "/x"},
    license = "Apache-2.0",
    version = "1-r0",
) for name in ["absolute", "folder"]]

links(name = "declared", absolute = "CANARY", generated = "text.txt", source = "text.txt")

oci_layer(name = "declared_layer", files = {":declared": "/x/"})
`

// A file outside of the build is in no layer, whatever leads to it. (What comes out of a cache has no links: there
// Bazel itself took the file for part of the tree.)
func TestCanary(t *testing.T) {
	canary := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(canary, []byte("canary\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	w := newWorkspace(t)
	w.Write(t, "canary/BUILD.bazel", strings.ReplaceAll(canaryBuild, "CANARY", canary))
	w.Write(t, "canary/text.txt", "text\n")
	for strategy, flag := range map[string]string{"worker": "--spawn_strategy=worker,sandboxed", "sandboxed": "--spawn_strategy=sandboxed", "local": "--spawn_strategy=local"} {
		t.Run(strategy, func(t *testing.T) {
			w.Bazel(t, "clean")
			for _, target := range []string{"absolute_layer", "absolute_package", "folder_layer", "folder_package"} {
				r := w.Try(t, "build", flag, "--modify_execution_info=^(Apk|Oci|Tree).*=+no-cache", "//canary:"+target)
				if want := "is a link to " + canary + ", which is no output of the build"; r.Err == nil || !strings.Contains(r.Stderr, want) {
					t.Errorf("%s: want an error with %q, got %s", target, want, r)
				}
			}
			w.Bazel(t, "build", flag, "//canary:declared_layer")
			list := program.Run(t, "tar", "--list", "--verbose", "--gzip", "--file", filepath.Join(w.Dir, "bazel-bin/canary/declared_layer.tar.gz"))
			if !strings.Contains(list, "x/declared_absolute -> "+canary+"\n") {
				t.Errorf("the layer holds\n%s\nwant a link to %s", list, canary)
			}
		})
	}
}
