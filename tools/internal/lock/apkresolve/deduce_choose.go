package apkresolve

import "github.com/rules-apk/rules_apk/tools/internal/apk/apkversion"

// reconsider looks at a name that something changed for: which of its packages are left, and what they have in common.
func (d *deduction) reconsider(n nameID) {
	name := &d.names[n]
	redoDeps, redoIf := name.redoDeps, name.redoIf
	name.redoDeps, name.redoIf = false, false

	var first packageID = none
	var options, tagsNotOK int32
	hasIf, noIf := false, true
	providers := d.providersOf(n)
	for _, p := range providers {
		state := &d.packages[p.pkg]
		state.merged = false
		if redoDeps {
			if !state.selectable {
				continue
			}
			depends := d.catalog.packages[p.pkg].depends
			for i := range depends {
				if !d.satisfiable(&depends[i]) {
					d.disqualify(p.pkg)
					break
				}
			}
		}
		if !state.selectable {
			continue
		}
		if redoIf {
			d.trigger(p.pkg)
		}
		hasIf = hasIf || state.triggered
		noIf = noIf && state.failedIf
		if name.requirers == 0 {
			continue
		}
		state.merged = true
		if first == none {
			first = p.pkg
		}
		d.merge(p, options)
		if !state.tagOK {
			tagsNotOK++
		}
		options++
	}
	name.hasOptions = options > 1 || tagsNotOK > 0
	name.hasIf, name.noIf = hasIf, noIf
	d.queueOpen(n)
	if first != none {
		for _, p := range providers {
			d.packages[p.pkg].used = d.packages[p.pkg].merged
		}
		d.applyMerged(n, first, options)
	}
	name.reverseDone = true
	for _, reverse := range name.reverseDeps {
		if !d.names[reverse].locked {
			name.reverseDone = false
			break
		}
	}
}

// trigger sees whether all that the package's install_if names is chosen.
func (d *deduction) trigger(id packageID) {
	state := &d.packages[id]
	installIf := d.catalog.packages[id].installIf
	if !state.triggered && !state.failedIf {
		state.triggered = true
		for i := range installIf {
			target := &d.names[installIf[i].name]
			if !target.locked {
				state.triggered = false
				break
			}
			if !d.holds(&installIf[i], target.chosen) {
				state.triggered, state.failedIf = false, true
				break
			}
		}
	}
	if !state.triggered {
		return
	}
	for i := range installIf {
		if chosen := d.names[installIf[i].name].chosen.pkg; chosen != none {
			d.inherit(id, chosen, "")
		}
	}
}

// merge counts, on every name that the package depends on or provides, whether all candidates so far had it.
func (d *deduction) merge(p provider, options int32) {
	count := func(counter *int32) bool {
		if *counter != options {
			return false
		}
		*counter = options + 1
		return true
	}
	entry := &d.catalog.packages[p.pkg]
	for i := range entry.depends {
		if !entry.depends[i].Conflict {
			count(&d.names[entry.depends[i].name].mergeDepends)
		}
	}
	own := &d.names[entry.name]
	if count(&own.mergeProvide) {
		own.mergeVirtual = own.mergeVirtual || p.version == ""
	}
	for _, v := range entry.provides {
		state := &d.names[v.name]
		if count(&state.mergeProvide) {
			state.mergeVirtual = state.mergeVirtual || v.version == ""
		}
	}
}

// applyMerged acts on what all candidates have in common. It is enough to look at the first of them.
func (d *deduction) applyMerged(n nameID, first packageID, options int32) {
	complete := func(counter *int32) bool {
		all := *counter == options
		*counter = 0
		return all
	}
	entry := &d.catalog.packages[first]
	for i := range entry.depends {
		dep := &entry.depends[i]
		state := &d.names[dep.name]
		if !complete(&state.mergeDepends) {
			continue
		}
		if options == 1 {
			d.apply(first, dep)
		} else if state.requirers == 0 {
			// All need the name, though perhaps not the same version.
			state.requirers++
			d.requirersChanged(dep.name)
			for _, p := range d.providersOf(dep.name) {
				d.inherit(p.pkg, first, "")
			}
		}
	}
	if complete(&d.names[entry.name].mergeProvide) {
		d.excludeOthers(entry.name, n)
	}
	for _, v := range entry.provides {
		if complete(&d.names[v.name].mergeProvide) {
			d.excludeOthers(v.name, n)
		}
	}
	d.names[entry.name].mergeVirtual = false
	for _, v := range entry.provides {
		d.names[v.name].mergeVirtual = false
	}
}

// excludeOthers rules out packages that go by a name which whatever is chosen for must will go by too.
func (d *deduction) excludeOthers(n, must nameID) {
	if n == must {
		return
	}
	skipVirtuals := d.names[n].mergeVirtual
next:
	for _, p := range d.providersOf(n) {
		entry := &d.catalog.packages[p.pkg]
		if entry.name == must || !d.packages[p.pkg].selectable || skipVirtuals && p.version == "" {
			continue
		}
		for _, v := range entry.provides {
			if v.name == must || skipVirtuals && v.version == "" {
				continue next
			}
		}
		d.disqualify(p.pkg)
	}
}

// next picks the name to decide.
func (d *deduction) next() (nameID, bool) {
	best := -1
	for i := len(d.open) - 1; i >= 0; i-- {
		state := &d.names[d.open[i]]
		if state.reverseDone && state.requirers > 0 && !state.hasOptions {
			best = i
			break
		}
		if best < 0 || before(state, &d.names[d.open[best]]) {
			best = i
		}
	}
	if best < 0 {
		return 0, false
	}
	return d.open[best], true
}

// before says whether a is to be decided before b.
func before(a, b *nameState) bool {
	switch {
	case a.asked != b.asked:
		return a.asked
	case a.rank != b.rank:
		return a.rank < b.rank
	case a.depth != b.depth:
		return a.depth > b.depth
	}
	return a.requirers > 0 && b.requirers == 0
}

// decide chooses a package for a name, or that the name goes without.
func (d *deduction) decide(n nameID) {
	name := &d.names[n]
	chosen := provider{pkg: none}
	if name.requirers > 0 || name.hasIf {
		for _, p := range d.providersOf(n) {
			state := &d.packages[p.pkg]
			if name.requirers == 0 && !(state.triggered && state.tagOK) {
				continue
			}
			if !d.selects(p) {
				continue
			}
			if chosen.pkg == none || d.prefer(p, chosen) > 0 {
				chosen = p
			}
		}
	}
	if chosen.pkg == none {
		d.assign(n, provider{pkg: none})
		if name.requirers > 0 {
			d.failures++
		}
		return
	}
	id := chosen.pkg
	if !d.packages[id].selectable || !d.packages[id].tagOK {
		d.fail(id)
	}
	entry := &d.catalog.packages[id]
	d.assign(entry.name, provider{id, entry.Version})
	for j, v := range entry.provides {
		if !repeated(entry, j) {
			d.assign(v.name, provider{id, v.version})
		}
	}
	for i := range entry.depends {
		d.apply(id, &entry.depends[i])
	}
}

// selects says whether the provider may be chosen for the name by itself: a virtual without a priority only where the
// package is needed anyway.
func (d *deduction) selects(p provider) bool {
	entry := &d.catalog.packages[p.pkg]
	return p.version != "" || entry.ProviderPriority != 0 || d.names[entry.name].requirers > 0
}

// prefer is positive where a is the better one.
func (d *deduction) prefer(a, b provider) int {
	x, y := &d.packages[a.pkg], &d.packages[b.pkg]
	entryX, entryY := &d.catalog.packages[a.pkg], &d.catalog.packages[b.pkg]
	for _, order := range [...]int{
		compareBool(x.selectable, y.selectable),
		compareBool(x.used, y.used),
		y.conflicts - x.conflicts,
		compareBool(x.tagOK, y.tagOK),
		compareBool(x.preferred, y.preferred),
		compareVersions(a.version, b.version),
	} {
		if order != 0 {
			return order
		}
	}
	if entryX.name == entryY.name {
		if order := apkversion.Compare(entryX.Version, entryY.Version); order != 0 {
			return order
		}
	}
	if order := entryX.ProviderPriority - entryY.ProviderPriority; order != 0 {
		return order
	}
	return lowestBit(entryY.repositories) - lowestBit(entryX.repositories)
}

// assign fixes what stands for a name.
func (d *deduction) assign(n nameID, p provider) {
	name := &d.names[n]
	if name.locked {
		if p.version == "" && name.chosen.version == "" {
			return // virtuals live together
		}
		d.fail(p.pkg)
		d.fail(name.chosen.pkg)
		return
	}
	name.locked = true
	name.chosen = p
	if name.isOpen {
		d.removeOpen(n)
	}
	name.isDirty = false
	for _, other := range d.providersOf(n) {
		if other.pkg == p.pkg || p.version == "" && other.version == "" {
			continue
		}
		d.disqualify(other.pkg)
	}
	d.redoReverseDeps(n)
	if p.pkg != none {
		d.redoReverseIfOf(p.pkg)
	} else {
		d.redoReverseIf(n)
	}
}

func (d *deduction) fail(id packageID) {
	if id != none && !d.packages[id].failed {
		d.packages[id].failed = true
		d.failures++
	}
}
