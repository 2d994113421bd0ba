package apkresolve

import (
	"maps"
	"slices"

	"github.com/rules-apk/rules_apk/tools/internal/lock/sat"
)

// search finds an answer if there is one: packages that satisfy everything, the fixed ones among them, each there for a
// reason. The result is a set; nil where there is none. What install_if adds is not looked at: see complete.
func (p *problem) search(fixed []packageID) map[packageID]bool {
	var assumed []sat.Literal
	for _, id := range fixed {
		assumed = append(assumed, sat.Yes(p.vars[id]))
	}
	for p.solver.Solve(assumed, p.next) {
		chosen := map[packageID]bool{}
		for v, id := range p.ids {
			if p.solver.Value(sat.Yes(sat.Variable(v))) == sat.True {
				chosen[id] = true
			}
		}
		if p.prune(chosen) {
			return chosen
		}
	}
	return nil
}

// complete adds to an answer what install_if asks for, as far as anything can be added: packages of the answer stay.
func (p *problem) complete(chosen map[packageID]bool) map[packageID]bool {
	for {
		v := verifier{catalog: p.catalog, chosen: chosen}
		larger := p.addOne(chosen, v.missing())
		if larger == nil {
			return chosen
		}
		chosen = larger
	}
}

// addOne adds the first of the missing packages that can be added, with what it needs, or gives nil.
func (p *problem) addOne(chosen map[packageID]bool, missing []packageID) map[packageID]bool {
	fixed := slices.Sorted(maps.Keys(chosen))
	for _, id := range missing {
		if _, ok := p.vars[id]; !ok {
			continue
		}
		if larger := p.search(append(slices.Clone(fixed), id)); larger != nil && larger[id] {
			return larger
		}
	}
	return nil
}

// next says what to try: for the first need that is not met, the package that apk would prefer.
func (p *problem) next() (sat.Literal, bool) {
	for i := range p.needs {
		if p.needs[i].from != none {
			break // those of the world come first
		}
		if l, ok := p.meet(&p.needs[i]); ok {
			return l, true
		}
	}
	for _, l := range p.solver.Trail() {
		if l.Negated() || int(l.Variable()) >= len(p.ids) {
			continue
		}
		id := p.ids[l.Variable()]
		for _, i := range p.needsOf[id] {
			if l, ok := p.meet(&p.needs[i]); ok {
				return l, true
			}
		}
	}
	return p.solver.Unmet(p.given)
}

// meet gives what to try for a need, or false where it is met.
func (p *problem) meet(n *need) (sat.Literal, bool) {
	best, bestPicked := sat.Literal(-1), false
	for _, c := range n.candidates {
		l := sat.Yes(p.vars[c.pkg])
		switch p.solver.Value(l) {
		case sat.True:
			return 0, false
		case sat.Open:
			if best < 0 || c.picked && !bestPicked {
				best, bestPicked = l, c.picked
			}
		}
	}
	return best, best >= 0
}

// prune removes what turns out to be there for no reason: packages that are each other's only reason. It says false,
// and has the solver know why, where the rest cannot do without them.
func (p *problem) prune(chosen map[packageID]bool) bool {
	grounded, carried := p.ground(chosen)
	baseless := map[packageID]bool{}
	for id := range chosen {
		if !grounded[id] {
			baseless[id] = true
			delete(chosen, id)
		}
	}
	v := verifier{catalog: p.catalog, chosen: chosen}
	met, tagged := v.check() == nil, p.tagsHold(chosen, carried)
	if len(baseless) == 0 && tagged || met && tagged {
		return true
	}
	for id := range baseless {
		chosen[id] = true
	}
	p.solver.Backtrack(0)
	p.addReasonOutside(baseless)
	if len(baseless) == 0 {
		p.forbidTags(chosen, carried)
	}
	return false
}

// addReasonOutside says that none of a set of packages is installed unless something outside the set is a reason for
// one of them.
func (p *problem) addReasonOutside(set map[packageID]bool) {
	var members, reasons []sat.Literal
	for v, id := range p.ids {
		if !set[id] {
			continue
		}
		members = append(members, sat.No(sat.Variable(v)))
		for _, s := range p.supports[id] {
			switch {
			case s.trigger:
				trigger := p.solver.Grow()
				installIf := p.packages[id].installIf
				for i := range installIf {
					p.addTrigger(trigger, &installIf[i], set)
				}
				reasons = append(reasons, sat.Yes(trigger))
			case s.from == none:
				return
			case !set[s.from]:
				reasons = append(reasons, sat.Yes(p.vars[s.from]))
			}
		}
	}
	for i, id := range slices.Sorted(maps.Keys(set)) {
		p.add(p.fact(unwanted{id}), append([]sat.Literal{members[i]}, reasons...)...)
	}
}

// tagsHold says whether every package may come from where it lies, given the tags that reach it.
func (p *problem) tagsHold(chosen map[packageID]bool, carried map[packageID]uint64) bool {
	for id := range chosen {
		if p.packages[id].tags&(defaultTag|carried[id]) == 0 {
			return false
		}
	}
	return true
}

// forbidTags tells the solver that a package may not come from a tagged repository unless another one, that could bring
// the tag, is there.
func (p *problem) forbidTags(chosen map[packageID]bool, carried map[packageID]uint64) {
	for _, id := range p.ids {
		tags := p.packages[id].tags
		if !chosen[id] || tags&(defaultTag|carried[id]) != 0 {
			continue
		}
		literals := []sat.Literal{sat.No(p.vars[id])}
		for _, other := range p.ids {
			if !chosen[other] && p.carried[other]&tags != 0 {
				literals = append(literals, sat.Yes(p.vars[other]))
			}
		}
		p.add(p.fact(tagged{id}), literals...)
	}
}
