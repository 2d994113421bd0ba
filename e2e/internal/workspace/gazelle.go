package workspace

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
)

// gazelleRepository is the canonical name of the repository with the tools that fetch Go modules.
const gazelleRepository = "gazelle~~non_module_deps~bazel_gazelle_go_repository_tools"

// gazelleFlags let a workspace use the tools that were compiled for the checkout: compiling them takes longer than most
// tests. Without any, each new output base compiles its own.
func gazelleFlags(t testing.TB, root string) string {
	t.Helper()
	info := program.Command{Name: filepath.Join(root, "bazelw"), Args: []string{"info", "output_base"}, Dir: root}
	r := info.Run(t)
	if r.Err != nil {
		t.Fatal(r)
	}
	dir := filepath.Join(strings.TrimSpace(r.Stdout), "external", gazelleRepository)
	if _, err := os.Stat(filepath.Join(dir, "bin", "gazelle")); err != nil {
		return ""
	}
	return "common --override_repository=" + gazelleRepository + "=" + dir + "\n"
}
