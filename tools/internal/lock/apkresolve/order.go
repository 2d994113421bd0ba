package apkresolve

import (
	"math/bits"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkversion"
)

// installOrder gives the chosen packages in the order in which apk installs them: depth first from the world, and after
// each package those whose install_if it completes.
func (d *deduction) installOrder() []packageID {
	var order []packageID
	var visit func(n nameID)
	need := func(from packageID, dep *dependency) {
		chosen := d.names[dep.name].chosen
		if !d.names[dep.name].locked {
			chosen = provider{pkg: none}
		}
		if !d.holds(dep, chosen) {
			d.fail(from)
		}
		visit(dep.name)
		if chosen.pkg != none && d.packages[chosen.pkg].failed {
			d.fail(from)
		}
	}
	complete := func(n nameID) {
		for _, reverse := range d.reverseIf(n) {
			state := &d.names[reverse]
			if !state.seen || state.inOrder || !state.locked || state.chosen.pkg == none {
				continue
			}
			all := true
			installIf := d.catalog.packages[state.chosen.pkg].installIf
			for i := range installIf {
				target := &d.names[installIf[i].name]
				all = all && target.inOrder && d.holds(&installIf[i], target.chosenOrNone())
			}
			if all {
				visit(reverse)
			}
		}
	}
	visit = func(n nameID) {
		if d.names[n].inOrder {
			return
		}
		d.names[n].inOrder = true
		id := d.names[n].chosenOrNone().pkg
		if id == none || d.packages[id].inOrder {
			return
		}
		d.packages[id].inOrder = true
		entry := &d.catalog.packages[id]
		d.names[entry.name].inOrder = true
		for _, v := range entry.provides {
			d.names[v.name].inOrder = true
		}
		for i := range entry.depends {
			need(id, &entry.depends[i])
		}
		order = append(order, id)
		complete(entry.name)
		for _, v := range entry.provides {
			complete(v.name)
		}
	}
	for i := range d.world {
		need(none, &d.world[i])
	}
	// What only a second provider of a virtual leads to.
	for id := range d.packages {
		if d.packages[id].wanted {
			visit(d.catalog.packages[id].name)
		}
	}
	return order
}

// arrange gives the install order of a set of packages that was found in another way.
func arrange(c *catalog, chosen map[packageID]bool) []packageID {
	d := &deduction{catalog: c, packages: make([]packageState, len(c.packages))}
	d.grow()
	for i := range c.world {
		d.discover(c.world[i].name)
	}
	lock := func(n nameID, p provider) {
		if state := &d.names[n]; !state.locked {
			state.locked, state.chosen = true, p
		}
	}
	for id := range c.packages {
		if !chosen[packageID(id)] {
			continue
		}
		d.packages[id].wanted = true
		entry := &c.packages[id]
		lock(entry.name, provider{packageID(id), entry.Version})
		for _, v := range entry.provides {
			lock(v.name, provider{packageID(id), v.version})
		}
	}
	return d.installOrder()
}

func (s *nameState) chosenOrNone() provider {
	if !s.locked {
		return provider{pkg: none}
	}
	return s.chosen
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// compareVersions compares where both are versions: virtuals have none.
func compareVersions(a, b string) int {
	if a == "" || b == "" {
		return 0
	}
	return apkversion.Compare(a, b)
}

func lowestBit(mask uint64) int { return bits.TrailingZeros64(mask) }
