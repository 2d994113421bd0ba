package sat

// learn turns a clause that failed into one that would have prevented it, and says to which level to return.
func (s *Solver) learn(failed *Clause) (*Clause, int32) {
	learned := &Clause{Literals: []Literal{0}, Fact: -1, from: []*Clause{failed}}
	var marked []Variable
	pending := 0
	level := int32(len(s.limits))
	visit := func(c *Clause, skip Variable) {
		for _, l := range c.Literals {
			v := l.Variable()
			if v == skip || s.seen[v] {
				continue
			}
			s.seen[v] = true
			marked = append(marked, v)
			switch {
			case s.levels[v] == level:
				pending++
			case s.levels[v] > 0:
				learned.Literals = append(learned.Literals, l)
			default:
				// True without any decision, but a part of the proof.
				learned.from = append(learned.from, s.proof(v)...)
			}
		}
	}
	visit(failed, -1)
	i := len(s.trail) - 1
	for {
		for !s.seen[s.trail[i].Variable()] || s.levels[s.trail[i].Variable()] != level {
			i--
		}
		v := s.trail[i].Variable()
		i--
		pending--
		if pending == 0 {
			learned.Literals[0] = s.trail[i+1].Not()
			break
		}
		learned.from = append(learned.from, s.reasons[v])
		visit(s.reasons[v], v)
	}
	for _, v := range marked {
		s.seen[v] = false
	}
	back, at := int32(0), 1
	for j := 1; j < len(learned.Literals); j++ {
		if l := s.levels[learned.Literals[j].Variable()]; l > back {
			back, at = l, j
		}
	}
	if len(learned.Literals) > 1 {
		learned.Literals[1], learned.Literals[at] = learned.Literals[at], learned.Literals[1]
	}
	return learned, back
}

// proof gives the clauses that a variable of level 0 follows from.
func (s *Solver) proof(v Variable) []*Clause {
	var list []*Clause
	visited := map[Variable]bool{}
	var walk func(Variable)
	walk = func(v Variable) {
		if visited[v] || s.reasons[v] == nil {
			return
		}
		visited[v] = true
		list = append(list, s.reasons[v])
		for _, l := range s.reasons[v].Literals {
			if l.Variable() != v {
				walk(l.Variable())
			}
		}
	}
	walk(v)
	return list
}
