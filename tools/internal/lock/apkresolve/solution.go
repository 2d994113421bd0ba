package apkresolve

import "slices"

// solution puts the answer into the form that callers get.
func (c *catalog) solution(order []packageID, chosen map[packageID]bool) *Solution {
	_, carried := c.ground(chosen)
	s := &Solution{Packages: make([]Selected, len(order))}
	for i, id := range order {
		s.Packages[i] = Selected{
			Package:    c.packages[id].Package,
			Repository: c.repositoryOf(id, defaultTag|carried[id]),
			Depends:    c.edges(id, chosen),
		}
	}
	return s
}

// edges names the chosen packages that satisfy the dependencies of one.
func (c *catalog) edges(id packageID, chosen map[packageID]bool) []string {
	var names []string
	depends := c.depends(id)
	for i := range depends {
		if depends[i].Conflict {
			continue
		}
		for _, p := range c.providersOf(depends[i].name) {
			if chosen[p.pkg] && p.pkg != id && c.matches(&depends[i], p) {
				names = append(names, c.packages[p.pkg].Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
