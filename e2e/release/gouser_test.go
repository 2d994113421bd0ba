package release

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

// A user of Go, with modules that are older than those that rules_apk's own tools are built with.
const goUserModule = `module(name = "user", version = "1.0.0")

bazel_dep(name = "rules_go", version = "0.62.0")
bazel_dep(name = "gazelle", version = "0.51.3")

go_deps = use_extension("@gazelle//:extensions.bzl", "go_deps")
go_deps.from_file(go_mod = "//:go.mod")
use_repo(go_deps, "com_github_google_go_containerregistry", "com_github_klauspost_compress")
`

const goMod = `module example.com/user

go 1.22.0

require (
	github.com/google/go-containerregistry v0.19.0
	github.com/klauspost/compress v1.16.5
)
`

const goSum = `github.com/google/go-containerregistry v0.19.0 h1:uIsMRBV7m/HDkDxE/nXMnv1q+lOOSPlQ/ywc5JbB8Ic=
github.com/google/go-containerregistry v0.19.0/go.mod h1:u0qB2l7mvtWVR5kNcbFIhFY1hLbf8eeGapA+vbFDCtQ=
github.com/klauspost/compress v1.16.5 h1:IFV2oUNUzZaz+XyusxpLzpzS8Pt5rh0Z16For/djlyI=
github.com/klauspost/compress v1.16.5/go.mod h1:ntbaceVETuRiXiv4DpjP66DpAtAGkEQskQzEyD//IeE=
`

var moduleVersion = regexp.MustCompile(`[\w.]+@[\w.-]+`)

// modules are the modules of a graph and their versions.
func modules(graph string) []string {
	found := moduleVersion.FindAllString(graph, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// To depend on rules_apk moves no version of anything that a workspace has, neither of Bazel's modules nor of Go's.
func TestGoUsersVersionsStay(t *testing.T) {
	r := publish(t)
	w := workspace.NewOfRegistry(t, map[string]string{
		"MODULE.bazel": goUserModule, "BUILD.bazel": "", "go.mod": goMod, "go.sum": goSum,
	}, "", []string{r.registry}, r.module(t))
	state := func() ([]string, string) {
		t.Helper()
		graph := w.Bazel(t, "mod", "graph", "--check_direct_dependencies=error")
		repositories := w.Bazel(t, "mod", "show_repo", "--check_direct_dependencies=error",
			"@com_github_google_go_containerregistry", "@com_github_klauspost_compress")
		t.Logf("%s", graph)
		return modules(graph), repositories
	}
	before, goBefore := state()
	for _, version := range []string{"v0.19.0", "v1.16.5"} {
		if !strings.Contains(goBefore, version) {
			t.Fatalf("go_deps does not have %s:\n%s", version, goBefore)
		}
	}
	version := r.version(t)
	w.Write(t, "MODULE.bazel", strings.Replace(goUserModule, "\n\n", fmt.Sprintf("\n\nbazel_dep(name = \"rules_apk\", version = %q)\n", version), 1))
	after, goAfter := state()
	after = slices.DeleteFunc(after, func(m string) bool { return m == "rules_apk@"+version })
	if !slices.Equal(before, after) {
		t.Errorf("modules before and after:\n%s\n%s", before, after)
	}
	if goBefore != goAfter {
		t.Errorf("Go modules before:\n%s\nafter:\n%s", goBefore, goAfter)
	}
	if got := w.Read(t, "go.mod"); got != goMod {
		t.Errorf("go.mod was changed:\n%s", got)
	}
}
