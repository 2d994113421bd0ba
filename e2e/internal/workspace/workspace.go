// Package workspace makes Bazel workspaces as a user would have them, with this checkout of rules_apk as their only
// unusual module, and runs Bazel there.
package workspace

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
)

// Checkout returns the root of this checkout of rules_apk.
func Checkout(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "bazelw")); err == nil {
			return dir
		}
	}
	t.Fatal("no bazelw in any folder above the test")
	return ""
}

// Shared returns the folder with real packages beside the checkout, or $RULES_APK_SHARED, and skips the test where
// there is none.
func Shared(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("RULES_APK_SHARED")
	if dir == "" {
		dir = filepath.Join(Checkout(t), "..", "shared")
	}
	if _, err := os.Stat(filepath.Join(dir, "apk", "alpine")); err != nil {
		t.Skipf("SKIPPED: no real packages: %v (RULES_APK_SHARED names their folder)", err)
	}
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// Workspace is a Bazel workspace with an output base of its own.
type Workspace struct {
	Dir  string // the workspace's root
	Base string // the output base; another one may be set between builds
	// Wrapper, if set, is a program and its arguments that starts Bazel, and with a new output base Bazel's server.
	Wrapper []string
	root    string // of the checkout
	env     []string
}

// The Go SDK and the cache of compiled Go code are this machine's; the actions of rules_apk are never taken from a
// cache, for they are what is tested.
const bazelrc = `common --lockfile_mode=off
common --incompatible_strict_action_env
build --disk_cache=CACHE
# The tests' folders, and perhaps the checkout, are below /tmp, of which sandboxes otherwise have one of their own.
build --sandbox_add_mount_pair=/tmp
build --modify_execution_info=^(Apk|Oci).*=+no-cache
`

const module = `
bazel_dep(name = "rules_apk", version = "0.1.0")
local_path_override(module_name = "rules_apk", path = "CHECKOUT")

bazel_dep(name = "platforms", version = "1.0.0")
bazel_dep(name = "rules_go", version = "0.62.0")
go_sdk = use_extension("@rules_go//go:extensions.bzl", "go_sdk")
go_sdk.host()
`

// ToolCache is the disk cache that keeps compiled Go code from test to test.
func ToolCache(t testing.TB) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(cache, "rules_apk", "e2e-disk-cache")
}

// configFlags are the lines of a config of the checkout's .bazelrc, such as next, as if it were always on.
func configFlags(t testing.TB, config string) string {
	t.Helper()
	if config == "" {
		return ""
	}
	text, err := os.ReadFile(filepath.Join(Checkout(t), ".bazelrc"))
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for line := range strings.Lines(string(text)) {
		if flag, ok := strings.CutPrefix(line, "common:"+config+" "); ok {
			lines.WriteString("common " + flag)
		}
	}
	if lines.Len() == 0 {
		t.Fatalf(".bazelrc has no config %s", config)
	}
	return lines.String()
}

// New makes a workspace of files, by name. A MODULE.bazel that names the modules a user needs is put before what files
// holds of it.
func New(t testing.TB, files map[string]string) *Workspace {
	t.Helper()
	w := &Workspace{Dir: filepath.Join(t.TempDir(), "workspace"), Base: filepath.Join(t.TempDir(), "base"), root: Checkout(t)}
	w.Write(t, ".bazelrc", strings.ReplaceAll(bazelrc, "CACHE", ToolCache(t))+gazelleFlags(t, w.root)+configFlags(t, os.Getenv("RULES_APK_CONFIG")))
	version, err := os.ReadFile(filepath.Join(w.root, ".bazelversion"))
	if err != nil {
		t.Fatal(err)
	}
	w.Write(t, ".bazelversion", string(version))
	for name, content := range files {
		if name == "MODULE.bazel" {
			content = strings.ReplaceAll(module, "CHECKOUT", w.root) + content
		}
		w.Write(t, name, content)
	}
	return w
}

// NewBase gives w another, empty output base.
func (w *Workspace) NewBase(t testing.TB) {
	t.Helper()
	w.Base = filepath.Join(t.TempDir(), "base")
}

// Write writes a file of the workspace.
func (w *Workspace) Write(t testing.TB, name, content string) {
	t.Helper()
	path := filepath.Join(w.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Read returns the content of a file, relative to the workspace's root.
func (w *Workspace) Read(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(w.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Try runs Bazel, whatever comes of it.
func (w *Workspace) Try(t testing.TB, args ...string) program.Result {
	t.Helper()
	program.Require(t, "go")
	w.cleanup(t, w.Base)
	line := slices.Concat(w.Wrapper, []string{filepath.Join(w.root, "bazelw"), "--output_base=" + w.Base}, args)
	command := program.Command{Name: line[0], Args: line[1:], Dir: w.Dir, Env: w.env, Timeout: 20 * time.Minute}
	return command.Run(t)
}

// Bazel runs Bazel, which must succeed, and returns its standard output.
func (w *Workspace) Bazel(t testing.TB, args ...string) string {
	t.Helper()
	r := w.Try(t, args...)
	if r.Err != nil {
		t.Fatal(r)
	}
	return r.Stdout
}

// Spawn is an action that Bazel ran, not one whose result it had.
type Spawn struct {
	Mnemonic    string `json:"mnemonic"`
	TargetLabel string `json:"targetLabel"`
	Runner      string `json:"runner"` // the strategy: "worker", "linux-sandbox", "local"
	CacheHit    bool   `json:"cacheHit"`
	Inputs      []struct {
		Path              string `json:"path"`
		SymlinkTargetPath string `json:"symlinkTargetPath"` // of a symbolic link that is declared as one
	} `json:"inputs"`
	CommandArgs   []string `json:"commandArgs"`
	ListedOutputs []string `json:"listedOutputs"`
	ActualOutputs []struct {
		Path   string `json:"path"`
		Digest struct {
			Hash string `json:"hash"` // SHA-256
		} `json:"digest"`
	} `json:"actualOutputs"`
}

// Spawns builds targets and returns the actions that were run for it.
func (w *Workspace) Spawns(t testing.TB, args ...string) []Spawn {
	t.Helper()
	log := filepath.Join(t.TempDir(), "execution.json")
	w.Bazel(t, append([]string{"build", "--execution_log_json_file=" + log}, args...)...)
	f, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var spawns []Spawn
	for decoder := json.NewDecoder(f); ; {
		var s Spawn
		if err := decoder.Decode(&s); errors.Is(err, io.EOF) {
			return spawns
		} else if err != nil {
			t.Fatalf("reading %s: %v", log, err)
		}
		if !s.CacheHit {
			spawns = append(spawns, s)
		}
	}
}

// cleanup stops base's server and deletes base at the test's end: Bazel makes folders in it read-only.
func (w *Workspace) cleanup(t testing.TB, base string) {
	if _, err := os.Stat(base); err == nil {
		return // done when it was made
	}
	t.Cleanup(func() {
		shutdown := program.Command{Name: filepath.Join(w.root, "bazelw"), Args: []string{"--output_base=" + base, "shutdown"}, Dir: w.Dir, Env: w.env}
		shutdown.Run(t)
		_ = filepath.WalkDir(base, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				_ = os.Chmod(path, 0o755)
			}
			return nil
		})
		_ = os.RemoveAll(base)
	})
}
