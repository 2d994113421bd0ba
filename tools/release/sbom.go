package main

import (
	"bytes"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"
)

// writeBillOfMaterials writes what the tools are made of, as the compiler wrote it into them: CycloneDX, JSON.
func writeBillOfMaterials(r *release, sets []*toolset) error {
	modules := map[string]*debug.Module{}
	users := map[string][]string{}
	for _, s := range sets {
		for _, t := range s.tools {
			for _, m := range t.info.Deps {
				if m.Replace != nil {
					m = m.Replace
				}
				id := moduleID(m.Path, m.Version)
				modules[id] = m
				users[t.name] = append(users[t.name], id)
			}
		}
	}
	standard := cyclonedx.Component{
		BOMRef: moduleID("std", strings.TrimPrefix(sets[0].tools[0].info.GoVersion, "go")), Type: cyclonedx.ComponentTypeLibrary,
		Name: "std", Version: strings.TrimPrefix(sets[0].tools[0].info.GoVersion, "go"),
	}
	standard.PackageURL = standard.BOMRef
	components := []cyclonedx.Component{standard}
	for id, m := range modules {
		components = append(components, cyclonedx.Component{
			BOMRef: id, Type: cyclonedx.ComponentTypeLibrary, Name: m.Path, Version: m.Version, PackageURL: id,
			Properties: &[]cyclonedx.Property{{Name: "go:sum", Value: m.Sum}},
		})
	}
	var dependencies []cyclonedx.Dependency
	for _, s := range sets {
		for _, t := range s.tools {
			id := s.platform.String() + "/" + t.name
			components = append(components, cyclonedx.Component{
				BOMRef: id, Type: cyclonedx.ComponentTypeApplication, Name: id, Version: r.version,
				Hashes: &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hexSum(t.data)}},
			})
			refs := append(slices.Clone(users[t.name]), standard.BOMRef)
			slices.Sort(refs)
			refs = slices.Compact(refs)
			dependencies = append(dependencies, cyclonedx.Dependency{Ref: id, Dependencies: &refs})
		}
	}
	slices.SortFunc(components, func(a, b cyclonedx.Component) int { return strings.Compare(a.BOMRef, b.BOMRef) })
	slices.SortFunc(dependencies, func(a, b cyclonedx.Dependency) int { return strings.Compare(a.Ref, b.Ref) })
	bom := cyclonedx.NewBOM()
	bom.Metadata = &cyclonedx.Metadata{Component: &cyclonedx.Component{
		BOMRef: "rules_apk", Type: cyclonedx.ComponentTypeApplication, Name: "rules_apk", Version: r.version,
		PackageURL: fmt.Sprintf("pkg:github/rules-apk/rules_apk@v%s", r.version),
		Licenses:   &cyclonedx.Licenses{{License: &cyclonedx.License{ID: "Apache-2.0"}}},
	}}
	bom.Components = &components
	bom.Dependencies = &dependencies
	var text bytes.Buffer
	encoder := cyclonedx.NewBOMEncoder(&text, cyclonedx.BOMFileFormatJSON)
	if err := encoder.SetPretty(true).Encode(bom); err != nil {
		return err
	}
	_, err := r.add(fmt.Sprintf("rules_apk-v%s.cdx.json", r.version), text.Bytes())
	return err
}

// moduleID is the package URL of a Go module.
func moduleID(path, version string) string {
	return "pkg:golang/" + path + "@" + strings.ReplaceAll(version, "+", "%2B")
}
