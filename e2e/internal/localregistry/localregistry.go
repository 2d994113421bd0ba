// Package localregistry makes a Bazel registry of modules that are folders of this machine: where the Bazel Central
// Registry cannot be reached, a workspace has real versions of modules all the same, and no overrides.
package localregistry

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Module is a module and the folder that it lies in, as Bazel sees it. Host is the same folder as this process sees it.
type Module struct{ Name, Dir, Host string }

var (
	dependency = regexp.MustCompile(`(?s)bazel_dep\(\s*name = "([^"]+)",\s*version = "([^"]+)"([^)]*)\)`)
	header     = regexp.MustCompile(`(?s)\nmodule\(.*?\n?\)\n`)
)

// Write makes the registry in dir. It has every version of each of modules that one of them or one of the texts, other
// MODULE.bazel files, depends on: all of them are the same folder.
func Write(dir string, modules []Module, texts ...string) error {
	versions := map[string]map[string]bool{}
	contents := map[string]string{}
	for _, m := range modules {
		text, err := os.ReadFile(filepath.Join(m.Host, "MODULE.bazel"))
		if err != nil {
			return err
		}
		contents[m.Name] = string(text)
		texts = append(texts, string(text))
		versions[m.Name] = map[string]bool{}
	}
	for _, text := range texts {
		for _, d := range dependency.FindAllStringSubmatch(text, -1) {
			if versions[d[1]] != nil {
				versions[d[1]][d[2]] = true
			}
		}
	}
	for _, m := range modules {
		source, err := json.Marshal(map[string]string{"type": "local_path", "path": m.Dir})
		if err != nil {
			return err
		}
		for version := range versions[m.Name] {
			to := filepath.Join(dir, "modules", m.Name, version)
			if err := os.MkdirAll(to, 0o755); err != nil {
				return err
			}
			text := header.ReplaceAllLiteralString("\n"+contents[m.Name], fmt.Sprintf("\nmodule(name = %q, version = %q)\n", m.Name, version))
			if err := os.WriteFile(filepath.Join(to, "MODULE.bazel"), []byte(strings.TrimPrefix(text, "\n")), 0o644); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(to, "source.json"), source, 0o644); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(filepath.Join(dir, "bazel_registry.json"), []byte("{}\n"), 0o644)
}
