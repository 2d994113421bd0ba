package workspace

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/localregistry"
)

// ownModule is what a module that Bazel makes up itself, local_config_platform, depends on.
const ownModule = `bazel_dep(name = "platforms", version = "0.0.7")`

var override = regexp.MustCompile(`(?m)^common --override_module=([^=\n]+)=(\S+)$`)

// NewOfRegistry makes a workspace whose modules come from registries, URLs, and from none of this checkout: no Go on
// the PATH, an empty output base, an empty repository cache. config names lines of the checkout's .bazelrc, or is
// empty. Where the Bazel Central Registry is out of reach, one in its place has the modules that bazelw set up, in
// every version that they and texts, MODULE.bazel files, ask for.
func NewOfRegistry(t testing.TB, files map[string]string, config string, registries []string, texts ...string) *Workspace {
	t.Helper()
	w := &Workspace{Dir: filepath.Join(t.TempDir(), "workspace"), Base: filepath.Join(t.TempDir(), "base"), root: Checkout(t)}
	for name, content := range files {
		w.Write(t, name, content)
		if filepath.Base(name) == "MODULE.bazel" {
			texts = append(texts, content)
		}
	}
	rc := "common --lockfile_mode=off\ncommon --incompatible_strict_action_env\ncommon --repository_cache=" + filepath.Join(t.TempDir(), "repositories") +
		"\nbuild --sandbox_add_mount_pair=/tmp\n" + configFlags(t, config)
	for _, registry := range registries {
		rc += "common --registry=" + registry + "\n"
	}
	setup := debianSetup(t)
	if setup == "" {
		w.Write(t, ".bazelrc", rc+"common --registry=https://bcr.bazel.build\n")
		return w
	}
	flags, err := os.ReadFile(filepath.Join(setup, "bazelrc"))
	if err != nil {
		t.Fatal(err)
	}
	var modules []localregistry.Module
	for _, m := range override.FindAllStringSubmatch(string(flags), -1) {
		host := m[2]
		if _, err := os.Stat(host); err != nil {
			host = filepath.Join(setup, "root", host)
		}
		modules = append(modules, localregistry.Module{Name: m[1], Dir: m[2], Host: host})
	}
	modules = append(slices.DeleteFunc(modules, func(m localregistry.Module) bool { return m.Name == "buildozer" }), buildozer(t))
	tools, err := os.ReadFile(filepath.Join(setup, "root", "usr/share/bazel/embedded_tools/MODULE.bazel"))
	if err != nil {
		t.Fatal(err)
	}
	central := filepath.Join(t.TempDir(), "registry")
	if err := localregistry.Write(central, modules, append(texts, string(tools), ownModule)...); err != nil {
		t.Fatal(err)
	}
	w.Write(t, ".bazelrc", rc+"common --registry=file://"+central+"\n")
	own := filepath.Join(t.TempDir(), "bazelrc")
	if err := os.WriteFile(own, []byte("startup --install_base=/usr/share/bazel --trust_install_base\ncommon --noenable_workspace\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	w.env = []string{"RULES_APK_BAZELRC=" + own}
	return w
}

// buildozer stands in for the module that bazel mod loads an extension of. It holds no program.
func buildozer(t testing.TB) localregistry.Module {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"BUILD.bazel": "", "MODULE.bazel": "module(name = \"buildozer\")\n",
		"buildozer_binary.bzl": `
_repository = repository_rule(implementation = lambda ctx: ctx.file("BUILD.bazel", ""))
buildozer_binary = module_extension(implementation = lambda ctx: _repository(name = "buildozer_binary"))
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return localregistry.Module{Name: "buildozer", Dir: dir, Host: dir}
}

// debianSetup is the folder of bazelw's set-up, or "" where it uses a Bazel of the PATH.
func debianSetup(t testing.TB) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	done, err := filepath.Glob(filepath.Join(cache, "rules_apk", "debian-bazel-*", "done"))
	if err != nil {
		t.Fatal(err)
	}
	if len(done) == 0 || os.Getenv("RULES_APK_BAZEL") != "" && os.Getenv("RULES_APK_BAZEL") != "setup" {
		return ""
	}
	return filepath.Dir(done[len(done)-1])
}
