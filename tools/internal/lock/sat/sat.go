// Package sat decides whether clauses over booleans hold together, with conflict-driven learning and backjumping. The
// caller decides what to try next, so that the first answer found is the one it prefers, and it may stop with variables
// left open, which then count as false. Where there is no answer, the solver tells which of the clauses that follows
// from.
package sat

// A Variable is a boolean, numbered from 0. A Literal is one that is to be true or, made by No, false.
type (
	Variable int32
	Literal  int32
)

// Yes is the literal of a variable that is to be true.
func Yes(v Variable) Literal { return Literal(v) * 2 }

// No is the literal of a variable that is to be false.
func No(v Variable) Literal { return Literal(v)*2 + 1 }

// Not is the opposite.
func (l Literal) Not() Literal { return l ^ 1 }

// Negated says that it is one of No.
func (l Literal) Negated() bool { return l&1 == 1 }

// Variable is what the literal speaks of.
func (l Literal) Variable() Variable { return Variable(l / 2) }

// A Clause is a disjunction.
type Clause struct {
	Literals []Literal // the first two are watched
	// Fact is the caller's, and says where the clause comes from; it is -1 for a learned one, which follows from
	// others.
	Fact int
	from []*Clause
}

// An Exclusion is a set of variables of which no two may be true, except that those marked as tolerant tolerate each
// other. Fact is as in a Clause.
type Exclusion struct {
	Members  []Variable
	Tolerant []bool
	Fact     int
}

// Truth is the value of a variable or a literal.
type Truth int8

// The three values.
const (
	Open  Truth = 0
	True  Truth = 1
	False Truth = -1
)

// A Solver holds clauses and exclusions, and what follows from them.
type Solver struct {
	values     []Truth
	levels     []int32
	reasons    []*Clause
	watches    [][]*Clause // by literal: clauses that watch it
	exclusions [][]int32   // by variable: indexes into groups
	groups     []Exclusion
	trail      []Literal
	limits     []int // length of the trail where each level began
	done       int   // how much of the trail is propagated
	failed     *Clause
	seen       []bool
	// Conflicts counts those met so far: what the answer costs, whatever the machine.
	Conflicts int
	// Limit, if not 0, is how many of them are too many: Solve gives up.
	Limit int
}

// New makes a solver of so many variables.
func New(variables int) *Solver {
	return &Solver{
		values:     make([]Truth, variables),
		levels:     make([]int32, variables),
		reasons:    make([]*Clause, variables),
		watches:    make([][]*Clause, 2*variables),
		exclusions: make([][]int32, variables),
		seen:       make([]bool, variables),
	}
}

// Grow adds a variable.
func (s *Solver) Grow() Variable {
	s.values = append(s.values, Open)
	s.levels = append(s.levels, 0)
	s.reasons = append(s.reasons, nil)
	s.watches = append(s.watches, nil, nil)
	s.exclusions = append(s.exclusions, nil)
	s.seen = append(s.seen, false)
	return Variable(len(s.values) - 1)
}

// Variables is how many there are.
func (s *Solver) Variables() int { return len(s.values) }

// Trail gives the literals that hold, in the order in which they came to. It is the solver's.
func (s *Solver) Trail() []Literal { return s.trail }

// Value is what is known of a literal now.
func (s *Solver) Value(l Literal) Truth {
	if l.Negated() {
		return -s.values[l/2]
	}
	return s.values[l/2]
}

// Add adds a clause, before anything is tried or after Backtrack to level 0. The literals are the solver's from then
// on.
func (s *Solver) Add(fact int, literals ...Literal) {
	s.attach(&Clause{Literals: literals, Fact: fact})
}

func (s *Solver) attach(c *Clause) {
	// Literals that can be watched come first: true ones, then open ones.
	for i := 0; i < min(2, len(c.Literals)); i++ {
		for j := i; j < len(c.Literals); j++ {
			if s.Value(c.Literals[j]) != False {
				c.Literals[i], c.Literals[j] = c.Literals[j], c.Literals[i]
				break
			}
		}
	}
	if len(c.Literals) > 1 {
		s.watches[c.Literals[0]] = append(s.watches[c.Literals[0]], c)
		s.watches[c.Literals[1]] = append(s.watches[c.Literals[1]], c)
	}
	switch {
	case s.failed != nil:
	case len(c.Literals) == 0 || s.Value(c.Literals[0]) == False:
		s.failed = c
	case s.Value(c.Literals[0]) == Open && (len(c.Literals) == 1 || s.Value(c.Literals[1]) == False):
		s.assign(c.Literals[0], c)
	}
}

// Exclude adds an exclusion, before anything is assigned.
func (s *Solver) Exclude(e Exclusion) {
	for _, v := range e.Members {
		s.exclusions[v] = append(s.exclusions[v], int32(len(s.groups)))
	}
	s.groups = append(s.groups, e)
}

func (s *Solver) assign(l Literal, reason *Clause) {
	v := l.Variable()
	s.values[v] = True
	if l.Negated() {
		s.values[v] = False
	}
	s.levels[v] = int32(len(s.limits))
	s.reasons[v] = reason
	s.trail = append(s.trail, l)
}

// propagate draws all simple conclusions. It returns a clause that cannot hold any more, or nil.
func (s *Solver) propagate() *Clause {
	for s.done < len(s.trail) {
		l := s.trail[s.done]
		s.done++
		if !l.Negated() {
			if c := s.propagateExclusions(l.Variable()); c != nil {
				return c
			}
		}
		if c := s.propagateWatches(l.Not()); c != nil {
			return c
		}
	}
	return nil
}

func (s *Solver) propagateExclusions(v Variable) *Clause {
	for _, g := range s.exclusions[v] {
		group := &s.groups[g]
		tolerant := false
		for i, member := range group.Members {
			tolerant = tolerant || member == v && group.Tolerant[i]
		}
		for i, other := range group.Members {
			if other == v || tolerant && group.Tolerant[i] || s.values[other] == False {
				continue
			}
			c := &Clause{Literals: []Literal{No(other), No(v)}, Fact: group.Fact}
			if s.values[other] == True {
				return c
			}
			s.assign(No(other), c)
		}
	}
	return nil
}

// propagateWatches looks at the clauses that watch a literal that became false.
func (s *Solver) propagateWatches(l Literal) *Clause {
	watching := s.watches[l]
	kept := watching[:0]
	for i, c := range watching {
		if c.Literals[0] == l {
			c.Literals[0], c.Literals[1] = c.Literals[1], c.Literals[0]
		}
		if s.Value(c.Literals[0]) == True || !s.rewatch(c) {
			kept = append(kept, c)
			if s.Value(c.Literals[0]) == False {
				kept = append(kept, watching[i+1:]...)
				s.watches[l] = kept
				return c
			}
			if s.Value(c.Literals[0]) == Open {
				s.assign(c.Literals[0], c)
			}
		}
	}
	s.watches[l] = kept
	return nil
}

// rewatch finds another literal for the second watch of a clause.
func (s *Solver) rewatch(c *Clause) bool {
	for i := 2; i < len(c.Literals); i++ {
		if l := c.Literals[i]; s.Value(l) != False {
			c.Literals[1], c.Literals[i] = l, c.Literals[1]
			s.watches[l] = append(s.watches[l], c)
			return true
		}
	}
	return false
}

// Backtrack undoes everything above a level.
func (s *Solver) Backtrack(level int) {
	if len(s.limits) <= level {
		return
	}
	for _, l := range s.trail[s.limits[level]:] {
		s.values[l.Variable()] = Open
		s.reasons[l.Variable()] = nil
	}
	s.trail = s.trail[:s.limits[level]]
	s.limits = s.limits[:level]
	s.done = min(s.done, len(s.trail))
}

// Solve looks for an answer in which the assumed literals are true. next says what to try where nothing follows any
// more; when it says that there is nothing left to try, the answer is what Value tells. Solve also says that there is
// one where the limit is reached: use that only where this does no harm. Where it says that there is none and nothing
// was assumed, Facts tells what that follows from.
func (s *Solver) Solve(assumed []Literal, next func() (Literal, bool)) bool {
	s.Backtrack(0)
	if s.failed != nil {
		return false
	}
	for {
		if c := s.propagate(); c != nil {
			if len(s.limits) == 0 {
				s.failed = c
				return false
			}
			if s.Conflicts++; s.Limit > 0 && s.Conflicts > s.Limit {
				return true
			}
			learned, level := s.learn(c)
			s.Backtrack(int(level))
			s.attach(learned)
			if s.failed != nil {
				return false
			}
			continue
		}
		var l Literal
		if n := len(s.limits); n < len(assumed) {
			l = assumed[n]
			if s.Value(l) == False {
				return false
			}
		} else {
			var more bool
			if l, more = next(); !more {
				return true
			}
		}
		s.limits = append(s.limits, len(s.trail))
		if s.Value(l) == Open {
			s.assign(l, nil)
		}
	}
}

// Unmet gives what to try for the first of some clauses that does not hold while what is open counts as false; or false
// where all hold.
func (s *Solver) Unmet(clauses []Clause) (Literal, bool) {
next:
	for i := range clauses {
		best := Literal(-1)
		for _, l := range clauses[i].Literals {
			switch value := s.Value(l); {
			case value == True, value == Open && l.Negated():
				continue next
			case value == Open && best < 0:
				best = l
			}
		}
		if best >= 0 {
			return best, true
		}
	}
	return 0, false
}

// Facts gives the facts of clauses and exclusions that have no answer together, after Solve said that there is none.
func (s *Solver) Facts() map[int]bool {
	facts := map[int]bool{}
	visited := map[*Clause]bool{}
	var walk func(*Clause)
	walk = func(c *Clause) {
		if visited[c] {
			return
		}
		visited[c] = true
		if c.Fact >= 0 {
			facts[c.Fact] = true
		}
		for _, from := range c.from {
			walk(from)
		}
	}
	walk(s.failed)
	for _, l := range s.failed.Literals {
		for _, c := range s.proof(l.Variable()) {
			walk(c)
		}
	}
	return facts
}
