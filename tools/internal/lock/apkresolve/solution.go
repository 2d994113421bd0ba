package apkresolve

import (
	"fmt"
	"slices"
)

// solution puts the answer into the form that callers get.
func (c *catalog) solution(order []packageID, chosen map[packageID]bool) *Solution {
	_, carried := c.ground(chosen)
	s := &Solution{Packages: make([]Selected, len(order))}
	for i, id := range order {
		s.Packages[i] = Selected{
			Package:    c.packages[id].Package,
			Repository: c.repositoryOf(id, defaultTag|carried[id]),
			Depends:    c.edges(id, chosen),
			InstallIf:  c.waits(id, chosen),
		}
	}
	return s
}

// edges gives the dependencies of a package, each with the chosen packages that meet it.
func (c *catalog) edges(id packageID, chosen map[packageID]bool) []Requirement {
	var list []Requirement
	depends := c.depends(id)
	for i := range depends {
		list = append(list, c.requirement(&depends[i], chosen))
	}
	return list
}

// waits gives the parts of an install_if, each with the chosen packages that meet it, or nothing where one is met by
// none: then no selection of the chosen packages has the package for its install_if. A part with "!" wants the name to
// be there, too: see triggered.
func (c *catalog) waits(id packageID, chosen map[packageID]bool) []Requirement {
	var list []Requirement
	installIf := c.packages[id].installIf
	for i := range installIf {
		r := c.requirement(&installIf[i], chosen)
		if len(r.By) == 0 {
			return nil
		}
		list = append(list, r)
	}
	return list
}

func (c *catalog) requirement(dep *dependency, chosen map[packageID]bool) Requirement {
	r := Requirement{Needs: dep.String()}
	if !dep.Conflict {
		for _, candidate := range c.preferred(dep, func(id packageID) bool { return chosen[id] }) {
			r.By = append(r.By, c.packages[candidate.pkg].Name)
		}
		return r
	}
	for _, p := range c.providersOf(dep.name) {
		if name := c.packages[p.pkg].Name; chosen[p.pkg] && !c.matches(dep, p) && !slices.Contains(r.By, name) {
			r.By = append(r.By, name)
		}
	}
	return r
}

// secondChoices says where a package of a lower priority meets a dependency, since the one that apk prefers cannot be
// installed.
func (c *catalog) secondChoices(chosen map[packageID]bool) []string {
	var notes []string
	for id := range c.packages {
		if !chosen[packageID(id)] {
			continue
		}
		depends := c.depends(packageID(id))
		for i := range depends {
			if depends[i].Conflict {
				continue
			}
			first := c.candidates(&depends[i])[0]
			taken := c.preferred(&depends[i], func(id packageID) bool { return chosen[id] })[0]
			best, second := &c.packages[first.pkg], &c.packages[taken.pkg]
			if best.name == second.name || best.ProviderPriority <= second.ProviderPriority {
				continue
			}
			note := fmt.Sprintf("apk itself would refuse: of those that provide %s, which %s depends on, it insists on %s, which cannot be installed; %s is taken",
				depends[i].Constraint, c.packages[id].Package, best.Package, second.Package)
			if !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
	}
	return notes
}
