package apkresolve

// ground finds which packages of a set are there for a reason: the world, a package that is there for a reason itself,
// or an install_if that is met by such packages. It also gives the tags that reach each of them.
func (c *catalog) ground(chosen map[packageID]bool) (grounded map[packageID]bool, carried map[packageID]uint64) {
	grounded, carried = map[packageID]bool{}, map[packageID]uint64{}
	var queue []packageID
	changed := true
	reach := func(id packageID, tags uint64) {
		if grounded[id] && carried[id]|tags == carried[id] {
			return
		}
		grounded[id], changed = true, true
		carried[id] |= tags
		queue = append(queue, id)
	}
	follow := func(from packageID, dep *dependency, tags uint64) {
		if dep.Conflict {
			return
		}
		for _, p := range c.providersOf(dep.name) {
			if p.pkg == from || !chosen[p.pkg] || !c.matches(dep, p) {
				continue
			}
			if p.version != "" || c.packages[p.pkg].ProviderPriority != 0 || grounded[p.pkg] {
				reach(p.pkg, tags)
			}
		}
	}
	for changed {
		changed = false
		for i := range c.world {
			follow(none, &c.world[i], c.tags[c.world[i].Tag])
		}
		// From all again: what they have as a virtual may have been reached otherwise since.
		for id := range grounded {
			queue = append(queue, id)
		}
		for len(queue) > 0 {
			id := queue[0]
			queue = queue[1:]
			depends := c.depends(id)
			for i := range depends {
				follow(id, &depends[i], carried[id])
			}
		}
		v := verifier{catalog: c, chosen: grounded}
		all := verifier{catalog: c, chosen: chosen}
		for id := range chosen {
			if len(c.packages[id].installIf) > 0 && all.triggered(id) && v.triggered(id) {
				reach(id, c.triggerTags(id, chosen, carried))
			}
		}
		queue = nil
	}
	return grounded, carried
}

// triggerTags gives the tags that an install_if passes on from what meets it.
func (c *catalog) triggerTags(id packageID, chosen map[packageID]bool, carried map[packageID]uint64) uint64 {
	var tags uint64
	installIf := c.packages[id].installIf
	for i := range installIf {
		for _, p := range c.providersOf(installIf[i].name) {
			if chosen[p.pkg] && c.matches(&installIf[i], p) {
				tags |= carried[p.pkg]
			}
		}
	}
	return tags
}
