package lockgraph

import (
	"maps"
	"slices"

	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

// Closure returns the names of the packages that an image of the roots has, sorted: what these depend on, and what is
// added because others are there. Of several packages that provide the same, one that the image has anyway is taken,
// otherwise the first: where the image's choice depends on more than that, Bazel's may be another. Roots that are not
// locked for this architecture are left out.
func (g *Graph) Closure(roots []string) []string {
	chosen := make(map[string]bool)
	var waiting []string
	take := func(name string) {
		if g.packages[name] != nil && !chosen[name] {
			chosen[name] = true
			waiting = append(waiting, name)
		}
	}
	for _, root := range roots {
		take(root)
	}
	for len(waiting) > 0 {
		var choices []lockfile.Requirement
		for len(waiting) > 0 {
			p := g.packages[waiting[0]]
			waiting = waiting[1:]
			for _, r := range p.Depends {
				switch {
				case r.Needs[0] == '!' || len(r.By) == 0:
				case len(r.By) == 1:
					take(r.By[0])
				default:
					choices = append(choices, r)
				}
			}
		}
		for _, r := range choices {
			if !slices.ContainsFunc(r.By, func(name string) bool { return chosen[name] }) {
				take(r.By[0])
			}
		}
		if len(waiting) == 0 {
			g.trigger(chosen, take)
		}
	}
	return slices.Sorted(maps.Keys(chosen))
}

// trigger takes the packages whose install_if holds.
func (g *Graph) trigger(chosen map[string]bool, take func(string)) {
	for _, name := range g.Names() {
		conditions := g.packages[name].InstallIf
		if len(conditions) > 0 && !slices.ContainsFunc(conditions, func(r lockfile.Requirement) bool {
			return !slices.ContainsFunc(r.By, func(by string) bool { return chosen[by] })
		}) {
			take(name)
		}
	}
}
