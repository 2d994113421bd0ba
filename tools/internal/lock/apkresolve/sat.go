package apkresolve

// A solver for clauses over booleans, with conflict-driven learning and
// backjumping. What is special to packages is that the caller decides what to
// try next, so that the first answer found is the preferred one, and that it
// may stop with variables left open, which then count as false.

// variable numbers a boolean from 0. literal is 2*variable, plus 1 for its
// negation.
type (
	variable int32
	literal  int32
)

func yes(v variable) literal         { return literal(v) * 2 }
func no(v variable) literal          { return literal(v)*2 + 1 }
func (l literal) not() literal       { return l ^ 1 }
func (l literal) variable() variable { return variable(l / 2) }

// clause is a disjunction. The first two literals are watched.
type clause struct {
	literals []literal
	// fact says where a given clause comes from; -1 for a learned one, which
	// follows from others.
	fact int
	from []*clause
}

// exclusion is a set of variables of which no two may be true, except that
// those marked as tolerant tolerate each other.
type exclusion struct {
	members  []variable
	tolerant []bool
	fact     int
}

type truth int8

const (
	open   truth = 0
	isTrue truth = 1
	isNot  truth = -1
)

type solver struct {
	values     []truth
	levels     []int32
	reasons    []*clause
	watches    [][]*clause // by literal: clauses that watch it
	exclusions [][]int32   // by variable: indexes into groups
	groups     []exclusion
	trail      []literal
	limits     []int // length of the trail where each level began
	done       int   // how much of the trail is propagated
	failed     *clause
	seen       []bool
	conflicts  int // met so far
	limit      int // give up after so many conflicts, if not 0
}

func newSolver(variables int) *solver {
	return &solver{
		values:     make([]truth, variables),
		levels:     make([]int32, variables),
		reasons:    make([]*clause, variables),
		watches:    make([][]*clause, 2*variables),
		exclusions: make([][]int32, variables),
		seen:       make([]bool, variables),
	}
}

// grow adds a variable.
func (s *solver) grow() variable {
	s.values = append(s.values, open)
	s.levels = append(s.levels, 0)
	s.reasons = append(s.reasons, nil)
	s.watches = append(s.watches, nil, nil)
	s.exclusions = append(s.exclusions, nil)
	s.seen = append(s.seen, false)
	return variable(len(s.values) - 1)
}

func (s *solver) value(l literal) truth {
	if l&1 == 1 {
		return -s.values[l/2]
	}
	return s.values[l/2]
}

// add adds a clause, at level 0 only.
func (s *solver) add(fact int, literals ...literal) {
	s.attach(&clause{literals: literals, fact: fact})
}

func (s *solver) attach(c *clause) {
	// Literals that can be watched come first: true ones, then open ones.
	for i := 0; i < min(2, len(c.literals)); i++ {
		for j := i; j < len(c.literals); j++ {
			if s.value(c.literals[j]) != isNot {
				c.literals[i], c.literals[j] = c.literals[j], c.literals[i]
				break
			}
		}
	}
	if len(c.literals) > 1 {
		s.watches[c.literals[0]] = append(s.watches[c.literals[0]], c)
		s.watches[c.literals[1]] = append(s.watches[c.literals[1]], c)
	}
	switch {
	case s.failed != nil:
	case len(c.literals) == 0 || s.value(c.literals[0]) == isNot:
		s.failed = c
	case s.value(c.literals[0]) == open && (len(c.literals) == 1 || s.value(c.literals[1]) == isNot):
		s.assign(c.literals[0], c)
	}
}

// exclude adds an exclusion, before anything is assigned.
func (s *solver) exclude(e exclusion) {
	for _, v := range e.members {
		s.exclusions[v] = append(s.exclusions[v], int32(len(s.groups)))
	}
	s.groups = append(s.groups, e)
}

func (s *solver) assign(l literal, reason *clause) {
	v := l.variable()
	s.values[v] = isTrue
	if l&1 == 1 {
		s.values[v] = isNot
	}
	s.levels[v] = int32(len(s.limits))
	s.reasons[v] = reason
	s.trail = append(s.trail, l)
}

// propagate draws all simple conclusions. It returns a clause that cannot hold
// any more, or nil.
func (s *solver) propagate() *clause {
	for s.done < len(s.trail) {
		l := s.trail[s.done]
		s.done++
		if l&1 == 0 {
			if c := s.propagateExclusions(l.variable()); c != nil {
				return c
			}
		}
		if c := s.propagateWatches(l.not()); c != nil {
			return c
		}
	}
	return nil
}

func (s *solver) propagateExclusions(v variable) *clause {
	for _, g := range s.exclusions[v] {
		group := &s.groups[g]
		tolerant := false
		for i, member := range group.members {
			tolerant = tolerant || member == v && group.tolerant[i]
		}
		for i, other := range group.members {
			if other == v || tolerant && group.tolerant[i] || s.values[other] == isNot {
				continue
			}
			c := &clause{literals: []literal{no(other), no(v)}, fact: group.fact}
			if s.values[other] == isTrue {
				return c
			}
			s.assign(no(other), c)
		}
	}
	return nil
}

// propagateWatches looks at the clauses that watch a literal that became false.
func (s *solver) propagateWatches(l literal) *clause {
	watching := s.watches[l]
	kept := watching[:0]
	for i, c := range watching {
		if c.literals[0] == l {
			c.literals[0], c.literals[1] = c.literals[1], c.literals[0]
		}
		if s.value(c.literals[0]) == isTrue || !s.rewatch(c) {
			kept = append(kept, c)
			if s.value(c.literals[0]) == isNot {
				kept = append(kept, watching[i+1:]...)
				s.watches[l] = kept
				return c
			}
			if s.value(c.literals[0]) == open {
				s.assign(c.literals[0], c)
			}
		}
	}
	s.watches[l] = kept
	return nil
}

// rewatch finds another literal for the second watch of a clause.
func (s *solver) rewatch(c *clause) bool {
	for i := 2; i < len(c.literals); i++ {
		if l := c.literals[i]; s.value(l) != isNot {
			c.literals[1], c.literals[i] = l, c.literals[1]
			s.watches[l] = append(s.watches[l], c)
			return true
		}
	}
	return false
}

// learn turns a clause that failed into one that would have prevented it, and
// says to which level to return.
func (s *solver) learn(failed *clause) (*clause, int32) {
	learned := &clause{literals: []literal{0}, fact: -1, from: []*clause{failed}}
	var marked []variable
	pending := 0
	level := int32(len(s.limits))
	visit := func(c *clause, skip variable) {
		for _, l := range c.literals {
			v := l.variable()
			if v == skip || s.seen[v] {
				continue
			}
			s.seen[v] = true
			marked = append(marked, v)
			switch {
			case s.levels[v] == level:
				pending++
			case s.levels[v] > 0:
				learned.literals = append(learned.literals, l)
			default:
				// True without any decision, but a part of the proof.
				learned.from = append(learned.from, s.proof(v)...)
			}
		}
	}
	visit(failed, -1)
	i := len(s.trail) - 1
	for {
		for !s.seen[s.trail[i].variable()] || s.levels[s.trail[i].variable()] != level {
			i--
		}
		v := s.trail[i].variable()
		i--
		pending--
		if pending == 0 {
			learned.literals[0] = s.trail[i+1].not()
			break
		}
		learned.from = append(learned.from, s.reasons[v])
		visit(s.reasons[v], v)
	}
	for _, v := range marked {
		s.seen[v] = false
	}
	back, at := int32(0), 1
	for j := 1; j < len(learned.literals); j++ {
		if l := s.levels[learned.literals[j].variable()]; l > back {
			back, at = l, j
		}
	}
	if len(learned.literals) > 1 {
		learned.literals[1], learned.literals[at] = learned.literals[at], learned.literals[1]
	}
	return learned, back
}

// proof gives the clauses that a variable of level 0 follows from.
func (s *solver) proof(v variable) []*clause {
	var list []*clause
	visited := map[variable]bool{}
	var walk func(variable)
	walk = func(v variable) {
		if visited[v] || s.reasons[v] == nil {
			return
		}
		visited[v] = true
		list = append(list, s.reasons[v])
		for _, l := range s.reasons[v].literals {
			if l.variable() != v {
				walk(l.variable())
			}
		}
	}
	walk(v)
	return list
}

// backtrack undoes everything above a level.
func (s *solver) backtrack(level int) {
	if len(s.limits) <= level {
		return
	}
	for _, l := range s.trail[s.limits[level]:] {
		s.values[l.variable()] = open
		s.reasons[l.variable()] = nil
	}
	s.trail = s.trail[:s.limits[level]]
	s.limits = s.limits[:level]
	s.done = min(s.done, len(s.trail))
}

// solve looks for an answer in which the assumed literals are true. next says
// what to try where nothing follows any more; when it says that there is
// nothing left to try, the answer stands in s.values. It also says that there is
// one where the limit is reached: use that only where this does no harm. Where solve says that
// there is none and nothing was assumed, facts tells what it follows from.
func (s *solver) solve(assumed []literal, next func() (literal, bool)) bool {
	s.backtrack(0)
	if s.failed != nil {
		return false
	}
	for {
		if c := s.propagate(); c != nil {
			if len(s.limits) == 0 {
				s.failed = c
				return false
			}
			if s.conflicts++; s.limit > 0 && s.conflicts > s.limit {
				return true
			}
			learned, level := s.learn(c)
			s.backtrack(int(level))
			s.attach(learned)
			if s.failed != nil {
				return false
			}
			continue
		}
		var l literal
		if n := len(s.limits); n < len(assumed) {
			l = assumed[n]
			if s.value(l) == isNot {
				return false
			}
		} else {
			var more bool
			if l, more = next(); !more {
				return true
			}
		}
		s.limits = append(s.limits, len(s.trail))
		if s.value(l) == open {
			s.assign(l, nil)
		}
	}
}

// unmet gives what to try for the first of some clauses that does not hold while
// what is open counts as false; or false where all hold.
func (s *solver) unmet(clauses []clause) (literal, bool) {
next:
	for i := range clauses {
		best := literal(-1)
		for _, l := range clauses[i].literals {
			switch value := s.value(l); {
			case value == isTrue, value == open && l&1 == 1:
				continue next
			case value == open && best < 0:
				best = l
			}
		}
		if best >= 0 {
			return best, true
		}
	}
	return 0, false
}

// facts gives where the given clauses come from that have no answer together.
func (s *solver) facts() map[int]bool {
	facts := map[int]bool{}
	visited := map[*clause]bool{}
	var walk func(*clause)
	walk = func(c *clause) {
		if visited[c] {
			return
		}
		visited[c] = true
		if c.fact >= 0 {
			facts[c.fact] = true
		}
		for _, from := range c.from {
			walk(from)
		}
	}
	walk(s.failed)
	for _, l := range s.failed.literals {
		for _, c := range s.proof(l.variable()) {
			walk(c)
		}
	}
	return facts
}
