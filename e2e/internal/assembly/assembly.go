// Package assembly builds images out of packages with ocibuild, doing for tests what the rules do in Bazel.
package assembly

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
)

// Arch is apk's name of the architecture that images are built for, unless an Assembler says otherwise.
const Arch = "x86_64"

// Package is a package file.
type Package struct {
	Name, Version string
	File          string
}

// String is NAME-VERSION.
func (p Package) String() string { return p.Name + "-" + p.Version }

// Assembler runs an ocibuild.
type Assembler struct {
	Ocibuild string
	// Dir is the folder for what is built: a folder for each image, and the facts of packages, which images share.
	Dir string
	// Arch is apk's name of the architecture; "x86_64" if empty, else "aarch64".
	Arch string
}

// Output says where the parts of an image are.
type Output struct {
	Report string // of the system layer
	Layout string // the folder of the OCI layout
}

// Image builds the image called name of packages, given in install order, by the system layer's spec. An absent list
// "layers" in the spec is one layer for each package.
func (a *Assembler) Image(t testing.TB, name string, spec map[string]any, packages []Package) Output {
	t.Helper()
	dir := filepath.Join(a.Dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	platform := "linux/amd64"
	spec["arch"] = Arch
	if a.Arch == "aarch64" {
		spec["arch"], platform = a.Arch, "linux/arm64"
	}
	data, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	in := func(file string) string { return filepath.Join(dir, file) }
	system := []string{"system-layer", "--spec=" + string(data), "--blob-out=" + in("system.tar.gz"), "--layer-out=" + in("system.layer"), "--report-out=" + in("report.json")}
	manifest := []string{"manifest", "--platform=" + platform, "--manifest-out=" + in("manifest.json"), "--config-out=" + in("config.json"), "--image-out=" + in("image.json")}
	layout := []string{"layout", "--layout-out=" + in("layout"), "--manifest=" + in("manifest.json"), "--config=" + in("config.json")}
	var allFacts []string
	for _, p := range packages {
		allFacts = append(allFacts, "--facts="+a.facts(t, p))
	}
	system = append(system, allFacts...)
	for n, group := range layers(spec, packages) {
		descriptor, blob := filepath.Join(a.Dir, group[0].String()+".facts.layer"), group[0].File
		if _, normalised := spec["normalised"]; len(group) > 1 || normalised {
			descriptor, blob = in(fmt.Sprintf("merged%d.layer", n)), in(fmt.Sprintf("merged%d.tar.gz", n))
			merge := append([]string{"merge", "--layer-out=" + descriptor, "--blob-out=" + blob}, allFacts...)
			if exclude, ok := spec["exclude"].([]string); ok {
				for _, pattern := range exclude {
					merge = append(merge, "--exclude="+pattern)
				}
			}
			for _, p := range group {
				merge = append(merge, "--package="+p.Name, "--apk="+p.File)
			}
			program.Run(t, a.Ocibuild, merge...)
		}
		manifest = append(manifest, "--layer=@"+descriptor)
		layout = append(layout, "--layer=@"+descriptor, "--blob="+blob)
	}
	manifest = append(manifest, "--layer=@"+in("system.layer"))
	layout = append(layout, "--layer=@"+in("system.layer"), "--blob="+in("system.tar.gz"))
	program.Run(t, a.Ocibuild, system...)
	program.Run(t, a.Ocibuild, manifest...)
	program.Run(t, a.Ocibuild, layout...)
	return Output{Report: in("report.json"), Layout: in("layout")}
}

// layers returns the packages of each layer: those of the spec, which has names, or one each.
func layers(spec map[string]any, packages []Package) [][]Package {
	var out [][]Package
	groups, ok := spec["layers"].([][]string)
	if !ok {
		for _, p := range packages {
			out = append(out, []Package{p})
		}
		return out
	}
	for _, group := range groups {
		var full []Package
		for _, p := range packages {
			if slices.Contains(group, p.Name) {
				full = append(full, p)
			}
		}
		out = append(out, full)
	}
	return out
}

func (a *Assembler) facts(t testing.TB, p Package) string {
	t.Helper()
	facts := filepath.Join(a.Dir, p.String()+".facts")
	if _, err := os.Stat(facts); err != nil {
		program.Run(t, a.Ocibuild, "facts", "--apk="+p.File, "--facts-out="+facts, "--layer-out="+facts+".layer")
	}
	return facts
}
