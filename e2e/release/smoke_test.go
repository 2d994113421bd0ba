package release

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

// What presubmit.yml of the registry's entry has the Bazel Central Registry do: the test module of the source archive,
// as it is.
func TestRegistrysPresubmit(t *testing.T) {
	program.Require(t, "tar")
	r := publish(t)
	source := t.TempDir()
	program.Run(t, "tar", "-xzf", filepath.Join(r.dir, "rules_apk-v"+r.version(t)+".tar.gz"), "--strip-components=1", "-C", source)
	presubmit, err := os.ReadFile(filepath.Join(r.dir, "registry", "modules", "rules_apk", r.version(t), "presubmit.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(presubmit), "module_path: e2e/smoke\n") {
		t.Fatalf("presubmit.yml tests another module:\n%s", presubmit)
	}
	files := map[string]string{}
	for _, name := range []string{"MODULE.bazel", "BUILD.bazel", "greeting.txt"} {
		text, err := os.ReadFile(filepath.Join(source, "e2e", "smoke", name))
		if err != nil {
			t.Fatal(err)
		}
		// The workspace lies elsewhere; nothing else is changed.
		files[name] = strings.Replace(string(text), `path = "../.."`, `path = "`+source+`"`, 1)
	}
	// Today's Bazel, and what Bazel 8 and 9 changed: all that can be switched on, for nothing but rules_apk is loaded.
	for config, more := range map[string][]string{"": nil, "next": {"--incompatible_stop_exporting_language_modules"}} {
		t.Run("config="+config, func(t *testing.T) {
			w := workspace.NewOfRegistry(t, files, config, nil, r.module(t))
			w.Bazel(t, append([]string{"build", "//..."}, more...)...)
			w.Bazel(t, append([]string{"test", "//..."}, more...)...)
			// Everything that a release names, it has.
			w.Bazel(t, append([]string{"build", "--nobuild", "@rules_apk//..."}, more...)...)
		})
	}
}
