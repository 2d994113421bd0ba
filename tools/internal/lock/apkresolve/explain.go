package apkresolve

import (
	"slices"

	"github.com/rules-apk/rules_apk/tools/internal/lock/sat"
)

// explainBudget bounds the work of making a chain of reasons shorter, in conflicts of the search. Where it is used up,
// the chain stays longer.
const explainBudget = 20_000

// reason is facts that are told as one.
type reason struct {
	key   string
	facts []int
}

// explain says why the search found nothing: a set of facts that cannot hold together, from which none can be left out,
// told from the request on. The error is *heldConflict where a version to keep is among them. The problem is of no use
// afterwards.
func (p *problem) explain() error {
	facts := p.solver.Facts()
	// Nothing else matters from here on.
	p.given = slices.DeleteFunc(p.given, func(c sat.Clause) bool { return !facts[c.Fact] })
	p.exclusive = slices.DeleteFunc(p.exclusive, func(e sat.Exclusion) bool { return !facts[e.Fact] })
	// Left out first is what is farthest from the request.
	maybe := p.chain(p.reasons(facts))
	var needed []reason
	budget := explainBudget
	for len(maybe) > 0 {
		last := maybe[len(maybe)-1]
		maybe = maybe[:len(maybe)-1]
		facts, ok := p.contradict(append(slices.Clone(needed), maybe...), &budget)
		if !ok {
			needed = append(needed, last)
			continue
		}
		// What the new proof does not use can go at once.
		maybe = slices.DeleteFunc(maybe, func(r reason) bool {
			return !slices.ContainsFunc(r.facts, func(f int) bool { return facts[f] })
		})
	}
	slices.Reverse(needed)
	needed = p.chain(needed)
	for _, r := range needed {
		if f, ok := p.facts[r.facts[0]].(held); ok {
			return &heldConflict{p.packages[f.pkg].name}
		}
	}
	e := &Unsatisfiable{Arch: p.request.Arch}
	for _, r := range needed {
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

// contradict says whether some facts alone have no answer, and which of them it takes. It says no, too, where the
// budget ends before that is known.
func (p *problem) contradict(reasons []reason, budget *int) (map[int]bool, bool) {
	if *budget <= 0 {
		return nil, false
	}
	enabled := map[int]bool{}
	for _, r := range reasons {
		for _, f := range r.facts {
			enabled[f] = true
		}
	}
	s := sat.New(p.solver.Variables())
	for _, e := range p.exclusive {
		if enabled[e.Fact] {
			s.Exclude(e)
		}
	}
	var given []sat.Clause
	for _, c := range p.given {
		if enabled[c.Fact] {
			given = append(given, c)
			s.Add(c.Fact, slices.Clone(c.Literals)...)
		}
	}
	s.Limit = *budget
	satisfiable := s.Solve(nil, func() (sat.Literal, bool) { return s.Unmet(given) })
	*budget -= s.Conflicts
	p.conflicts += s.Conflicts
	if satisfiable {
		return nil, false
	}
	return s.Facts(), true
}

// chain orders reasons: from what the request says on to what is said of the package spoken of last, and at the end
// what cannot be together.
func (p *problem) chain(reasons []reason) []reason {
	var ordered []reason
	mentioned := map[packageID]int{} // to the step that did it
	left := slices.Clone(reasons)
	for _, conclusion := range []bool{false, true} {
		for {
			best, bestStep := -1, -1
			for i, r := range left {
				subjects, leadsTo := p.facts[r.facts[0]].about(p.catalog)
				if (leadsTo == nowhere) != conclusion {
					continue
				}
				step := -1
				if len(subjects) == 0 {
					step = 0
				}
				for _, id := range subjects {
					if at, ok := mentioned[id]; ok && !conclusion {
						step = max(step, at)
					} else if ok {
						step = 0
					}
				}
				if step > bestStep {
					best, bestStep = i, step
				}
			}
			if best < 0 {
				break
			}
			ordered = append(ordered, left[best])
			for _, f := range left[best].facts {
				if _, leadsTo := p.facts[f].about(p.catalog); leadsTo != nowhere {
					for _, provider := range p.providersOf(leadsTo) {
						mentioned[provider.pkg] = len(ordered)
					}
				}
			}
			left = slices.Delete(left, best, best+1)
		}
	}
	return append(ordered, left...)
}
