package apkresolve

import (
	"slices"

	"github.com/rules-apk/rules_apk/tools/internal/lock/sat"
)

// need is a dependency that does not forbid but asks for something, of a package or of the world.
type need struct {
	from packageID // none: the world
	dep  *dependency
	// candidates are the packages that satisfy it, the preferred one first.
	candidates []candidate
}

type candidate struct {
	pkg packageID
	// picked: the need may be the reason to take the package. It is not where the package has the name as a virtual
	// without a priority only.
	picked bool
}

// problem is a request as clauses over "this package is installed".
type problem struct {
	*catalog
	ids       []packageID // by variable
	vars      map[packageID]sat.Variable
	carried   map[packageID]uint64 // tags that may reach the package from the world
	needs     []need
	needsOf   map[packageID][]int
	supports  map[packageID][]support    // who can be the reason to take a package
	triggers  map[packageID]sat.Variable // "all that its install_if names is there"
	facts     []fact                     // where clauses come from
	given     []sat.Clause               // all clauses, as added
	exclusive []sat.Exclusion            // all exclusions, as added
	solver    *sat.Solver
}

// support is a reason to take a package: the world where both are unset.
type support struct {
	from    packageID
	trigger bool // the package's own install_if
}

func newProblem(c *catalog) *problem {
	p := &problem{
		catalog: c, vars: map[packageID]sat.Variable{}, carried: map[packageID]uint64{},
		needsOf: map[packageID][]int{}, supports: map[packageID][]support{}, triggers: map[packageID]sat.Variable{},
	}
	p.collect()
	p.carryTags()
	for i, id := range p.ids {
		if len(c.packages[id].installIf) > 0 {
			p.triggers[id] = sat.Variable(len(p.ids) + len(p.triggers))
		}
		p.vars[id] = sat.Variable(i)
	}
	p.solver = sat.New(len(p.ids) + len(p.triggers))
	p.addExclusions()
	p.addNeeds()
	p.addSupports()
	return p
}

// collect finds all packages that the world can lead to.
func (p *problem) collect() {
	found := map[packageID]bool{}
	var queue []packageID
	add := func(dep *dependency) {
		if dep.Conflict {
			return
		}
		for _, provider := range p.providersOf(dep.name) {
			if !found[provider.pkg] {
				found[provider.pkg] = true
				queue = append(queue, provider.pkg)
			}
		}
	}
	for i := range p.world {
		add(&p.world[i])
	}
	reached := map[nameID]bool{}
	for len(queue) > 0 {
		id := queue[0]
		queue = queue[1:]
		depends := p.depends(id)
		for i := range depends {
			add(&depends[i])
		}
		for _, n := range p.namesOf(id) {
			if reached[n] {
				continue
			}
			reached[n] = true
			for _, reverse := range p.installedIf[n] {
				if !found[reverse] {
					found[reverse] = true
					queue = append(queue, reverse)
				}
			}
		}
	}
	for id := range p.packages {
		if found[packageID(id)] {
			p.ids = append(p.ids, packageID(id))
		}
	}
}

// carryTags finds from which tagged repositories each package may come: a tag passes from the world to what it asks
// for, from there to what that needs, and to what an install_if adds because of it.
func (p *problem) carryTags() {
	var queue []packageID
	carry := func(id packageID, tags uint64) {
		if p.carried[id]|tags != p.carried[id] {
			p.carried[id] |= tags
			queue = append(queue, id)
		}
	}
	follow := func(dep *dependency, tags uint64) {
		for _, provider := range p.providersOf(dep.name) {
			if !dep.Conflict && p.matches(dep, provider) {
				carry(provider.pkg, tags)
			}
		}
	}
	for i := range p.world {
		follow(&p.world[i], p.tags[p.world[i].Tag]&^defaultTag)
	}
	for len(queue) > 0 {
		id := queue[0]
		queue = queue[1:]
		tags := p.carried[id]
		depends := p.depends(id)
		for i := range depends {
			follow(&depends[i], tags)
		}
		for _, n := range p.namesOf(id) {
			for _, reverse := range p.installedIf[n] {
				carry(reverse, tags)
			}
		}
	}
}

// add adds a clause to the solver.
func (p *problem) add(fact int, literals ...sat.Literal) {
	p.given = append(p.given, sat.Clause{Literals: slices.Clone(literals), Fact: fact})
	p.solver.Add(fact, literals...)
}

func (p *problem) fact(f fact) int {
	p.facts = append(p.facts, f)
	return len(p.facts) - 1
}

// addExclusions says that a name with a version has one provider.
func (p *problem) addExclusions() {
	var names []nameID
	for _, id := range p.ids {
		names = append(names, p.namesOf(id)...)
	}
	slices.Sort(names)
	for _, n := range slices.Compact(names) {
		e := sat.Exclusion{}
		versioned := false
		for _, provider := range p.providersOf(n) {
			v, ok := p.vars[provider.pkg]
			if !ok {
				continue
			}
			virtual := provider.version == ""
			versioned = versioned || !virtual
			if i := slices.Index(e.Members, v); i >= 0 {
				e.Tolerant[i] = e.Tolerant[i] && virtual
				continue
			}
			e.Members = append(e.Members, v)
			e.Tolerant = append(e.Tolerant, virtual)
		}
		if versioned && len(e.Members) > 1 {
			e.Fact = p.fact(onlyOne{n})
			p.exclusive = append(p.exclusive, e)
			p.solver.Exclude(e)
		}
	}
}

// addNeeds adds what the world and the packages need and forbid.
func (p *problem) addNeeds() {
	for i := range p.world {
		p.addDependency(none, &p.world[i])
	}
	for _, id := range p.ids {
		entry := &p.packages[id]
		if entry.broken != nil {
			p.add(p.fact(unreadable{id}), sat.No(p.vars[id]))
		}
		if entry.held {
			p.add(p.fact(held{id}), sat.No(p.vars[id]))
		}
		if entry.tags&(defaultTag|p.carried[id]) == 0 {
			p.add(p.fact(tagged{id}), sat.No(p.vars[id]))
		}
		depends := p.depends(id)
		for i := range depends {
			p.addDependency(id, &depends[i])
		}
	}
}

func (p *problem) addDependency(from packageID, dep *dependency) {
	var literals []sat.Literal
	if from != none {
		literals = append(literals, sat.No(p.vars[from]))
	}
	fact := p.fact(requirement{from, dep})
	if dep.Conflict {
		for _, provider := range p.providersOf(dep.name) {
			v, ok := p.vars[provider.pkg]
			// A package does not conflict with itself.
			if ok && provider.pkg != from && p.matches(dep, provider) {
				p.add(fact, append(slices.Clone(literals), sat.No(v))...)
			}
		}
		return
	}
	n := need{from: from, dep: dep, candidates: p.candidates(dep)}
	for _, c := range n.candidates {
		literals = append(literals, sat.Yes(p.vars[c.pkg]))
	}
	p.add(fact, literals...)
	if from != none {
		p.needsOf[from] = append(p.needsOf[from], len(p.needs))
	}
	p.needs = append(p.needs, n)
	for _, c := range n.candidates {
		if c.picked && c.pkg != from {
			p.supports[c.pkg] = append(p.supports[c.pkg], support{from: from})
		}
	}
}

// candidates gives the packages that satisfy a dependency, in apk's order of preference. Where some are versions of one
// package that is no perfect order, since versions and priorities may disagree.
func (c *catalog) candidates(dep *dependency) []candidate {
	return c.preferred(dep, func(packageID) bool { return true })
}

// preferred gives those candidates that pass.
func (c *catalog) preferred(dep *dependency, pass func(packageID) bool) []candidate {
	var matching []provider
	for _, provider := range c.providersOf(dep.name) {
		if c.matches(dep, provider) && pass(provider.pkg) {
			matching = append(matching, provider)
		}
	}
	tag := c.tags[dep.Tag]
	slices.SortStableFunc(matching, func(a, b provider) int {
		x, y := &c.packages[a.pkg], &c.packages[b.pkg]
		if order := compareBool(y.tags&tag != 0, x.tags&tag != 0); order != 0 {
			return order
		}
		if order := compareVersions(b.version, a.version); order != 0 {
			return order
		}
		if x.name == y.name {
			if order := compareVersions(y.Version, x.Version); order != 0 {
				return order
			}
		}
		if order := y.ProviderPriority - x.ProviderPriority; order != 0 {
			return order
		}
		return lowestBit(x.repositories) - lowestBit(y.repositories)
	})
	var list []candidate
	for _, provider := range matching {
		picked := provider.version != "" || c.packages[provider.pkg].ProviderPriority != 0
		i := slices.IndexFunc(list, func(other candidate) bool { return other.pkg == provider.pkg })
		if i < 0 {
			list = append(list, candidate{provider.pkg, picked})
		} else {
			list[i].picked = list[i].picked || picked
		}
	}
	return list
}

// addSupports says that nothing is installed without a reason.
func (p *problem) addSupports() {
	for _, id := range p.ids {
		if trigger, ok := p.triggers[id]; ok {
			p.supports[id] = append(p.supports[id], support{from: none, trigger: true})
			installIf := p.packages[id].installIf
			for i := range installIf {
				p.addTrigger(trigger, &installIf[i], nil)
			}
		}
		p.addSupport(id, p.supports[id])
	}
}

func (p *problem) addSupport(id packageID, supports []support) {
	literals := []sat.Literal{sat.No(p.vars[id])}
	for _, s := range supports {
		switch {
		case s.trigger:
			literals = append(literals, sat.Yes(p.triggers[id]))
		case s.from == none:
			return // the world is always there
		default:
			literals = append(literals, sat.Yes(p.vars[s.from]))
		}
	}
	p.add(p.fact(unwanted{id}), literals...)
}

// addTrigger says that the trigger of an install_if implies one of its parts, met by a package that is not in a set.
func (p *problem) addTrigger(trigger sat.Variable, dep *dependency, without map[packageID]bool) {
	present := []sat.Literal{sat.No(trigger)}
	fact := p.fact(partOf{})
	for _, provider := range p.providersOf(dep.name) {
		v, ok := p.vars[provider.pkg]
		switch matches := p.matches(dep, provider); {
		case !ok, !matches && !dep.Conflict:
		case matches && dep.Conflict:
			p.add(fact, sat.No(trigger), sat.No(v))
		case !without[provider.pkg]:
			present = append(present, sat.Yes(v))
		}
	}
	p.add(fact, present...)
}
