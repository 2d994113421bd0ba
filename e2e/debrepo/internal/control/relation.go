package control

import (
	"fmt"
	"strings"

	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/version"
)

// Relation names a package, and versions of it if Op is set.
type Relation struct {
	Name    string
	Op      string // "", "<<", "<=", "=", ">=" or ">>"
	Version string
}

// String is the relation as Debian writes it.
func (r Relation) String() string {
	if r.Op == "" {
		return r.Name
	}
	return r.Name + " (" + r.Op + " " + r.Version + ")"
}

// Satisfied says whether a package of this version is meant; a virtual package without one has the version "".
func (r Relation) Satisfied(v string) bool {
	if r.Op == "" {
		return true
	}
	if v == "" {
		return false
	}
	c := version.Compare(v, r.Version)
	switch r.Op {
	case "<<":
		return c < 0
	case "<=":
		return c <= 0
	case "=":
		return c == 0
	case ">=":
		return c >= 0
	}
	return c > 0
}

// Relations reads the value of Depends, Provides and the like: what commas separate, and within that the alternatives.
// What a name is qualified with (python3:any) is dropped: a repository has one architecture.
func Relations(value string) ([][]Relation, error) {
	var all [][]Relation
	for _, group := range strings.Split(value, ",") {
		if strings.TrimSpace(group) == "" {
			continue
		}
		var alternatives []Relation
		for _, text := range strings.Split(group, "|") {
			r, err := relation(strings.TrimSpace(text))
			if err != nil {
				return nil, err
			}
			alternatives = append(alternatives, r)
		}
		all = append(all, alternatives)
	}
	return all, nil
}

func relation(text string) (Relation, error) {
	name, constraint, versioned := strings.Cut(text, "(")
	name, _, _ = strings.Cut(strings.TrimSpace(name), ":")
	r := Relation{Name: name}
	if versioned {
		constraint, closed := strings.CutSuffix(strings.TrimSpace(constraint), ")")
		i := strings.IndexFunc(constraint, func(c rune) bool { return !strings.ContainsRune("<>=", c) })
		if !closed || i < 1 {
			return r, fmt.Errorf("relation %q: want name (>= version)", text)
		}
		r.Op, r.Version = constraint[:i], strings.TrimSpace(constraint[i:])
	}
	if name == "" || strings.ContainsAny(name, " \t\n[<") {
		return r, fmt.Errorf("relation %q: want the name of a package", text)
	}
	switch r.Op {
	case "", "<<", "<=", "=", ">=", ">>":
		return r, nil
	}
	return r, fmt.Errorf("relation %q: the operator is %q, want one of << <= = >= >>", text, r.Op)
}
