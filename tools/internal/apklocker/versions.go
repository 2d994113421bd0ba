package apklocker

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apkresolve"
)

// versionNotes has a sentence for each package that is locked at different
// versions for different architectures.
func versionNotes(archs []string, solutions map[string]*apkresolve.Solution) []string {
	versions := make(map[string]map[string]string) // name -> arch -> version
	for arch, solution := range solutions {
		for _, p := range solution.Packages {
			if versions[p.Name] == nil {
				versions[p.Name] = make(map[string]string)
			}
			versions[p.Name][arch] = p.Version
		}
	}
	var notes []string
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		distinct := slices.Compact(slices.Sorted(maps.Values(versions[name])))
		if len(distinct) < 2 {
			continue
		}
		var each []string
		for _, arch := range archs {
			if v, ok := versions[name][arch]; ok {
				each = append(each, fmt.Sprintf("%s (%s)", v, arch))
			}
		}
		notes = append(notes, fmt.Sprintf("%s differs by architecture: %s", name, strings.Join(each, ", ")))
	}
	return notes
}
