package main

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed templates
var templates embed.FS

// writeRegistryEntry writes the module's folder as the Bazel Central Registry has it, and as a registry of one module:
// --registry=file://DIR/registry.
func writeRegistryEntry(r *release, module []byte, source asset) error {
	registry := filepath.Join(r.dir, "registry")
	dir := filepath.Join(registry, "modules", "rules_apk")
	version := filepath.Join(dir, r.version)
	if err := os.MkdirAll(version, 0o755); err != nil {
		return err
	}
	sourceJSON, err := indentedJSON(struct {
		URL         string `json:"url"`
		Integrity   string `json:"integrity"`
		StripPrefix string `json:"strip_prefix"`
	}{r.url(source), source.integrity(), r.prefix()})
	if err != nil {
		return err
	}
	files := map[string][]byte{
		filepath.Join(registry, "bazel_registry.json"): []byte("{}\n"),
		filepath.Join(version, "MODULE.bazel"):         module,
		filepath.Join(version, "source.json"):          sourceJSON,
	}
	for name, path := range map[string]string{
		"metadata.json":              filepath.Join(dir, "metadata.json"),
		"presubmit.yml":              filepath.Join(version, "presubmit.yml"),
		"attestations.template.json": filepath.Join(version, "attestations.template.json"),
	} {
		text, err := r.fill(name)
		if err != nil {
			return err
		}
		files[path] = text
	}
	for path, data := range files {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// fill writes a template of the registry's entry out.
func (r *release) fill(name string) ([]byte, error) {
	t, err := template.ParseFS(templates, "templates/"+name)
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	err = t.Execute(&text, map[string]string{
		"BaseURL": r.baseURL, "Prefix": r.prefix(), "Repository": strings.TrimPrefix(repositoryURL, "https://github.com/"),
		"RepositoryURL": repositoryURL, "Source": r.sourceName(), "Version": r.version,
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return []byte(text.String()), nil
}
