package sat

import "testing"

// instance is a small problem, read from bytes: two bytes a clause or exclusion, each over variables below variables.
const variables = 6

type instance struct {
	clauses    [][]Literal
	exclusions []Exclusion
}

func read(data []byte) instance {
	var p instance
	for fact := 0; len(data) >= 2 && fact < 24; fact++ {
		members, flags := data[0], data[1]
		data = data[2:]
		if members&0x80 != 0 {
			e := Exclusion{Fact: fact}
			for v := range Variable(variables) {
				if members>>v&1 == 1 {
					e.Members = append(e.Members, v)
					e.Tolerant = append(e.Tolerant, flags>>v&1 == 1)
				}
			}
			p.exclusions = append(p.exclusions, e)
			continue
		}
		var c []Literal
		for v := range Variable(variables) {
			switch {
			case members>>v&1 == 0:
			case flags>>v&1 == 0:
				c = append(c, Yes(v))
			default:
				c = append(c, No(v))
			}
		}
		p.clauses = append(p.clauses, c)
	}
	return p
}

// holds says whether everything is met.
func (p instance) holds(truth func(Literal) bool) bool {
	for _, c := range p.clauses {
		met := false
		for _, l := range c {
			met = met || truth(l)
		}
		if !met {
			return false
		}
	}
	for _, e := range p.exclusions {
		for i, a := range e.Members {
			for j, b := range e.Members[:i] {
				if truth(Yes(a)) && truth(Yes(b)) && !(e.Tolerant[i] && e.Tolerant[j]) {
					return false
				}
			}
		}
	}
	return true
}

// solve gives the solver after it has answered.
func (p instance) solve(t *testing.T, only map[int]bool) (*Solver, bool) {
	t.Helper()
	s := New(variables - 1)
	s.Grow()
	fact := 0
	var given []Clause
	for _, e := range p.exclusions {
		if only == nil || only[e.Fact] {
			s.Exclude(e)
		}
	}
	facts := map[int]bool{}
	for _, e := range p.exclusions {
		facts[e.Fact] = true
	}
	for _, c := range p.clauses {
		for facts[fact] {
			fact++
		}
		if only == nil || only[fact] {
			given = append(given, Clause{Literals: append([]Literal{}, c...), Fact: fact})
			s.Add(fact, append([]Literal{}, c...)...)
		}
		fact++
	}
	return s, s.Solve(nil, func() (Literal, bool) { return s.Unmet(given) })
}

// The solver's answer is that of trying everything; what it answers holds, and what it names as the reason has no
// answer alone.
func FuzzSolve(f *testing.F) {
	f.Add([]byte{0x01, 0x00, 0x01, 0x01})             // a and not a
	f.Add([]byte{0x03, 0x00, 0x83, 0x00, 0x03, 0x03}) // one of two, not both
	f.Add([]byte{0x83, 0x03, 0x01, 0x00, 0x02, 0x00}) // both, who tolerate each other
	f.Add([]byte{0x07, 0x00, 0x87, 0x01, 0x03, 0x01, 0x06, 0x02, 0x05, 0x04, 0x07, 0x07})
	f.Fuzz(func(t *testing.T, data []byte) {
		p := read(data)
		want := false
		for values := range 1 << variables {
			want = want || p.holds(func(l Literal) bool { return (values>>l.Variable()&1 == 1) != l.Negated() })
		}
		s, got := p.solve(t, nil)
		if got != want {
			t.Fatalf("an answer: %v, want %v: %+v", got, want, p)
		}
		if got {
			if !p.holds(func(l Literal) bool { return (s.Value(Yes(l.Variable())) == True) != l.Negated() }) {
				t.Errorf("the answer does not hold: %+v", p)
			}
			return
		}
		if _, again := p.solve(t, s.Facts()); again {
			t.Errorf("facts %v have an answer together: %+v", s.Facts(), p)
		}
	})
}
