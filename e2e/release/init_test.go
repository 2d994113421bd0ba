package release

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

// From a line in MODULE.bazel to an image that is built and tested: init, and what it says comes next.
func TestInit(t *testing.T) {
	shared := workspace.Shared(t)
	r := publish(t)
	if err := os.CopyFS(filepath.Join(filepath.Dir(r.dir), "alpine"), os.DirFS(filepath.Join(shared, "apk", "alpine"))); err != nil {
		t.Fatal(err)
	}
	w := workspace.NewOfRegistry(t, map[string]string{
		"MODULE.bazel": fmt.Sprintf("bazel_dep(name = \"rules_apk\", version = %q)\n", r.version(t)),
	}, "", []string{r.registry}, r.module(t))
	out := w.Bazel(t, "run", "@rules_apk//:init", "--", "--distribution=alpine")
	for _, command := range []string{"bazel run @alpine//:lock", "bazel build //images:static", "bazel test //... @alpine//:lock_test"} {
		if !strings.Contains(out, command) {
			t.Errorf("init does not name the command %q:\n%s", command, out)
		}
	}
	// Alpine's mirror is out of reach.
	w.Write(t, "apk.yaml", fmt.Sprintf("repositories: [%s/alpine]\nkeyring: [%s]\narchs: [x86_64]\n", r.host.URL, filepath.Join(shared, "apk", "keys"))+
		w.Read(t, "apk.yaml")[strings.Index(w.Read(t, "apk.yaml"), "packages:"):])
	w.Bazel(t, "run", "@alpine//:lock")
	w.Bazel(t, "build", "//images:static")
	w.Bazel(t, "test", "//...", "@alpine//:lock_test")

	files := []string{"MODULE.bazel", "BUILD.bazel", "apk.yaml", "apk.lock.json", "images/BUILD.bazel"}
	before := map[string]string{}
	for _, name := range files {
		before[name] = w.Read(t, name)
	}
	if out := w.Bazel(t, "run", "@rules_apk//:init", "--", "--distribution=alpine"); !strings.Contains(out, "nothing to do") {
		t.Errorf("the second time: %s", out)
	}
	for _, name := range files {
		if after := w.Read(t, name); after != before[name] {
			t.Errorf("the second init changed %s", name)
		}
	}
}
