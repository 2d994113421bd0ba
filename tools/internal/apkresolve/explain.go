package apkresolve

import (
	"slices"
)

// reason is facts that are told as one.
type reason struct {
	key   string
	facts []int
}

// explain says why the search found nothing: a set of facts that cannot hold
// together, from which none can be left out, told from the request on.
func (p *problem) explain() *Unsatisfiable {
	reasons := p.reasons(p.solver.facts())
	// Try first without what is farthest from the request.
	reasons = p.chain(reasons)
	for i := len(reasons) - 1; i >= 0; i-- {
		without := slices.Delete(slices.Clone(reasons), i, i+1)
		if facts, ok := p.contradict(without); ok {
			// What the new proof does not use can go at once.
			kept := without[:0]
			for j, r := range without {
				if slices.ContainsFunc(r.facts, func(f int) bool { return facts[f] }) {
					kept = append(kept, r)
				} else if j < i {
					i--
				}
			}
			reasons = kept
		}
	}
	e := &Unsatisfiable{Arch: p.request.Arch}
	for _, r := range p.chain(reasons) {
		var same []fact
		for _, f := range r.facts {
			same = append(same, p.facts[f])
		}
		if text := same[0].say(p.catalog, same); text != "" {
			e.Reasons = append(e.Reasons, text)
		}
	}
	return e
}

// reasons groups facts.
func (p *problem) reasons(facts map[int]bool) []reason {
	var list []reason
	at := map[string]int{}
	for i, f := range p.facts {
		if !facts[i] {
			continue
		}
		key := f.key(p.catalog)
		if _, ok := at[key]; !ok {
			at[key] = len(list)
			list = append(list, reason{key: key})
		}
		list[at[key]].facts = append(list[at[key]].facts, i)
	}
	return list
}

// contradict says whether some facts alone have no answer, and which of them it
// takes.
func (p *problem) contradict(reasons []reason) (map[int]bool, bool) {
	enabled := map[int]bool{}
	for _, r := range reasons {
		for _, f := range r.facts {
			enabled[f] = true
		}
	}
	s := newSolver(len(p.solver.values))
	for _, e := range p.solver.groups {
		if enabled[e.fact] {
			s.exclude(e)
		}
	}
	for _, c := range p.given {
		if enabled[c.fact] {
			s.add(c.fact, slices.Clone(c.literals)...)
		}
	}
	next := func() (literal, bool) {
		for v, value := range s.values {
			if value == open {
				return no(variable(v)), true
			}
		}
		return 0, false
	}
	if s.solve(nil, next) {
		return nil, false
	}
	return s.facts(), true
}

// chain orders reasons: what the request says, then what is said of packages
// that were spoken of before, and last what cannot be together.
func (p *problem) chain(reasons []reason) []reason {
	var ordered []reason
	known := map[packageID]bool{}
	left := slices.Clone(reasons)
	take := func(i int) {
		r := left[i]
		left = slices.Delete(left, i, i+1)
		ordered = append(ordered, r)
		for _, f := range r.facts {
			if _, leadsTo := p.facts[f].about(p.catalog); leadsTo != nowhere {
				for _, provider := range p.providersOf(leadsTo) {
					known[provider.pkg] = true
				}
			}
		}
	}
	said := func(i int, conclusion bool) bool {
		subjects, leadsTo := p.facts[left[i].facts[0]].about(p.catalog)
		if (leadsTo == nowhere) != conclusion {
			return false
		}
		return len(subjects) == 0 || slices.ContainsFunc(subjects, func(id packageID) bool { return known[id] })
	}
	for _, conclusion := range []bool{false, true} {
		for i := 0; i < len(left); {
			if said(i, conclusion) {
				take(i)
				i = 0
			} else {
				i++
			}
		}
	}
	return append(ordered, left...)
}
