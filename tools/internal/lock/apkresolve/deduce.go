package apkresolve

import (
	"slices"
)

// deduction finds an answer the way apk 2.14 does: no search, but a walk that takes one name after the other, the most
// constrained first, and lets each choice rule out what has become impossible. It never takes a choice back, so it can
// fail where an answer exists, and what it returns has to be verified.
//
// The order of every loop here is part of the behaviour: it is the order that apk 2.14.0 was seen to follow.
type deduction struct {
	*catalog
	names    []nameState // by nameID
	packages []packageState
	dirty    []nameID // queue of names to look at again
	open     []nameID // names to decide, the newest last
	failures int
}

// nameState is what the deduction knows of a name.
type nameState struct {
	chosen       provider // if locked; pkg is none where the name goes without
	reverseDeps  []nameID // seen names of packages that depend on this one
	reverseIf    []nameID // names of packages whose install_if mentions it
	requirers    int
	mergeDepends int32
	mergeProvide int32
	depth        int32 // longest chain of dependencies below
	rank         uint8 // 0: no other package provides it; 1: some do; 2: only others do
	seen         bool
	reverseKnown bool
	asked        bool // the world names it
	locked       bool
	isDirty      bool
	isOpen       bool
	redoDeps     bool
	redoIf       bool
	hasIf        bool // a package of it is triggered by its install_if
	noIf         bool // no package of it can be
	hasOptions   bool
	reverseDone  bool
	mergeVirtual bool
	inOrder      bool // of the install order: the name has been dealt with
}

type packageState struct {
	allowed    uint64 // tags it may come from
	conflicts  int
	depth      int32
	seen       bool
	selectable bool
	tagOK      bool
	preferred  bool // it has the tag that the world asked for
	merged     bool
	used       bool // it was among the candidates when they were last compared
	triggered  bool
	failedIf   bool
	failed     bool
	wanted     bool // the install order must have it
	inOrder    bool
}

func deduce(c *catalog) *deduction {
	d := &deduction{catalog: c}
	d.grow()
	d.packages = make([]packageState, len(c.packages))
	for i := range c.world {
		d.discover(c.world[i].name)
	}
	d.findReverseDeps()
	for i := range c.world {
		d.names[c.world[i].name].asked = true
	}
	for i := range c.world {
		d.apply(none, &c.world[i])
	}
	for {
		for len(d.dirty) > 0 {
			n := d.dirty[0]
			d.dirty = d.dirty[1:]
			if d.names[n].isDirty {
				d.names[n].isDirty = false
				d.reconsider(n)
			}
		}
		n, ok := d.next()
		if !ok {
			return d
		}
		d.decide(n)
	}
}

// grow makes room for names that were interned since.
func (d *deduction) grow() {
	if missing := len(d.catalog.names) - len(d.names); missing > 0 {
		d.names = append(d.names, make([]nameState, missing)...)
	}
}

// discover walks over everything that the name could lead to.
func (d *deduction) discover(n nameID) {
	if d.names[n].seen {
		return
	}
	d.names[n].seen = true
	d.names[n].noIf = true
	providers := d.providersOf(n)
	others := 0
	for _, p := range providers {
		entry := &d.catalog.packages[p.pkg]
		if !d.packages[p.pkg].seen {
			d.packages[p.pkg].seen = true
			depends := d.depends(p.pkg)
			d.grow()
			state := &d.packages[p.pkg]
			state.allowed = defaultTag
			state.selectable = entry.broken == nil && !entry.held
			state.failedIf = len(entry.installIf) == 0
			state.tagOK = entry.tags&defaultTag != 0
			state.preferred = state.tagOK
			for i := range depends {
				d.discover(depends[i].name)
				state.depth = max(state.depth, d.names[depends[i].name].depth+1)
			}
		}
		if entry.name != n {
			others++
		}
		name := &d.names[n]
		name.noIf = name.noIf && d.packages[p.pkg].failedIf
		name.depth = max(name.depth, d.packages[p.pkg].depth)
	}
	switch others {
	case 0:
		d.names[n].rank = 0
	case len(providers):
		d.names[n].rank = 2
	default:
		d.names[n].rank = 1
	}
	for _, p := range providers {
		entry := &d.catalog.packages[p.pkg]
		for _, reverse := range d.reverseIf(entry.name) {
			d.discover(reverse)
		}
		for _, v := range entry.provides {
			if d.names[v.name].seen {
				continue
			}
			for _, reverse := range d.reverseIf(v.name) {
				d.discover(reverse)
			}
		}
	}
}

// reverseIf gives the names of the packages whose install_if mentions n.
func (d *deduction) reverseIf(n nameID) []nameID {
	state := &d.names[n]
	if !state.reverseKnown {
		state.reverseKnown = true
		var list []nameID
		for _, id := range d.installedIf[n] {
			list = append(list, d.namesOf(id)...)
		}
		state.reverseIf = d.sortByBucket(list)
	}
	return state.reverseIf
}

// findReverseDeps fills reverseDeps of all names seen.
func (d *deduction) findReverseDeps() {
	var seen []nameID
	for n := range d.names {
		if d.names[n].seen {
			seen = append(seen, nameID(n))
		}
	}
	for _, n := range d.sortByBucket(seen) {
		for _, p := range d.providersOf(n) {
			for i := range d.catalog.packages[p.pkg].depends {
				target := &d.names[d.catalog.packages[p.pkg].depends[i].name]
				if size := len(target.reverseDeps); size == 0 || target.reverseDeps[size-1] != n {
					target.reverseDeps = append(target.reverseDeps, n)
				}
			}
		}
	}
}

// holds says whether the dependency holds where p is what stands for its name.
func (d *deduction) holds(dep *dependency, p provider) bool {
	if p.pkg == none {
		return dep.Conflict
	}
	return d.matches(dep, p) != dep.Conflict
}

func (d *deduction) queueDirty(n nameID) {
	state := &d.names[n]
	if state.isDirty || state.locked || (state.requirers == 0 && !state.redoIf) {
		return
	}
	state.isDirty = true
	d.dirty = append(d.dirty, n)
}

func (d *deduction) queueOpen(n nameID) {
	state := &d.names[n]
	if state.locked {
		return
	}
	want := state.requirers > 0 || state.hasIf
	if want && !state.isOpen {
		d.open = append(d.open, n)
	} else if !want && state.isOpen {
		d.removeOpen(n)
	}
	state.isOpen = want
}

func (d *deduction) removeOpen(n nameID) {
	i := slices.Index(d.open, n)
	d.open = slices.Delete(d.open, i, i+1)
	d.names[n].isOpen = false
}

func (d *deduction) redoReverseDeps(n nameID) {
	for _, reverse := range d.names[n].reverseDeps {
		d.names[reverse].redoDeps = true
		d.queueDirty(reverse)
	}
}

func (d *deduction) redoReverseIf(n nameID) {
	for _, reverse := range d.reverseIf(n) {
		state := &d.names[reverse]
		if state.seen && !state.noIf {
			state.redoIf = true
			d.queueDirty(reverse)
		}
	}
}

// redoReverseIfOf does so for all names of a package.
func (d *deduction) redoReverseIfOf(id packageID) {
	d.redoReverseIf(d.catalog.packages[id].name)
	for _, v := range d.catalog.packages[id].provides {
		d.redoReverseIf(v.name)
	}
}

// disqualify rules a package out.
func (d *deduction) disqualify(id packageID) {
	d.packages[id].selectable = false
	d.redoReverseDeps(d.catalog.packages[id].name)
	for _, v := range d.catalog.packages[id].provides {
		d.redoReverseDeps(v.name)
	}
	d.redoReverseIfOf(id)
}

func (d *deduction) satisfiable(dep *dependency) bool {
	state := &d.names[dep.name]
	if state.locked {
		return d.holds(dep, state.chosen)
	}
	if state.requirers == 0 && dep.Conflict {
		return true
	}
	for _, p := range d.providersOf(dep.name) {
		if d.packages[p.pkg].selectable && d.holds(dep, p) {
			return true
		}
	}
	return false
}

func (d *deduction) requirersChanged(n nameID) {
	d.queueOpen(n)
	d.redoReverseIf(n)
	d.queueDirty(n)
}

// apply makes a constraint of a package, or of the world (none), count.
func (d *deduction) apply(from packageID, dep *dependency) {
	state := &d.names[dep.name]
	if !dep.Conflict {
		state.requirers++
		if state.requirers == 1 {
			d.requirersChanged(dep.name)
		}
	}
	for _, p := range d.providersOf(dep.name) {
		holds := d.holds(dep, p)
		pkg := &d.packages[p.pkg]
		if !holds {
			pkg.conflicts++
		}
		if pkg.selectable && pkg.conflicts > 0 {
			d.disqualify(p.pkg)
		}
		if holds {
			d.inherit(p.pkg, from, dep.Tag)
		}
	}
}

// inherit lets a package come from where those that need it may come from.
func (d *deduction) inherit(id, from packageID, tag string) {
	state := &d.packages[id]
	if from != none {
		state.allowed |= d.packages[from].allowed
	} else {
		state.allowed |= d.tags[tag]
		state.preferred = d.catalog.packages[id].tags&d.tags[tag] != 0
	}
	state.tagOK = state.tagOK || d.catalog.packages[id].tags&state.allowed != 0
}
