package release

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

// What presubmit.yml of the registry's entry has the Bazel Central Registry do: the test module of the source archive, as it is.
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
	w := workspace.NewOfRegistry(t, files, nil, r.module(t))
	w.Bazel(t, "build", "//...")
	w.Bazel(t, "test", "//...")
	// Everything that a release names, it has.
	w.Bazel(t, "query", "@rules_apk//...")
	w.Bazel(t, "build", "--nobuild", "@rules_apk//...")
}
