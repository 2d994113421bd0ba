package locker

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A difference is a package that architectures get different versions of.
type difference struct {
	name     string
	versions map[string]string // by architecture
}

// differences are sorted by name.
func differences(s solutions) []difference {
	versions := make(map[string]map[string]string) // name -> arch -> version
	for arch, solution := range s {
		for _, p := range solution.Packages {
			if versions[p.Name] == nil {
				versions[p.Name] = make(map[string]string)
			}
			versions[p.Name][arch] = p.Version
		}
	}
	var all []difference
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		if len(slices.Compact(slices.Sorted(maps.Values(versions[name])))) > 1 {
			all = append(all, difference{name, versions[name]})
		}
	}
	return all
}

// versionNotes has a sentence for each difference.
func versionNotes(archs []string, s solutions) []string {
	var notes []string
	for _, d := range differences(s) {
		var each []string
		for _, arch := range archs {
			if v, ok := d.versions[arch]; ok {
				each = append(each, fmt.Sprintf("%s (%s)", v, arch))
			}
		}
		notes = append(notes, fmt.Sprintf("%s differs by architecture: %s", d.name, strings.Join(each, ", ")))
	}
	return notes
}

// resolverNotes are what the resolver has to say, once for all architectures that
// it says it of.
func resolverNotes(archs []string, s solutions) []string {
	var notes []string
	for _, arch := range archs {
		for _, note := range s[arch].Notes {
			if !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
	}
	return notes
}
