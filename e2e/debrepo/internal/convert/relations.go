package convert

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/control"
	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/version"
)

// providers returns the packages that have r's name, or provide it, by name. A package's own name counts before others'
// provides.
func (s *Set) providers(r control.Relation) []*source {
	var found []*source
	if p, ok := s.sources[r.Name]; ok && r.Satisfied(p.version) {
		found = append(found, p)
	}
	for _, p := range s.virtual[r.Name] {
		if r.Satisfied(p.version) && p.source.name != r.Name {
			found = append(found, p.source)
		}
	}
	return found
}

// depends returns the dependencies of p: Debian's, of alternatives the first that the set can satisfy; the libraries
// that its files need, where some other package of the set has them; and base, if p's paths need its links.
func (s *Set) depends(p *source) ([]string, error) {
	all := map[string]bool{}
	for _, field := range []string{"Pre-Depends", "Depends"} {
		groups, err := control.Relations(p.Control[field])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", field, err)
		}
		for _, alternatives := range groups {
			constraint, err := s.depend(alternatives)
			if err != nil {
				return nil, err
			}
			all[constraint] = constraint != ""
		}
	}
	for _, field := range []string{"Conflicts", "Breaks"} {
		groups, err := control.Relations(p.Control[field])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", field, err)
		}
		for _, group := range groups {
			constraint, err := s.conflict(p, group[0])
			if err != nil {
				return nil, err
			}
			all[constraint] = constraint != ""
		}
	}
	for name := range p.needed {
		_, own := p.sonames[name]
		all["so:"+name] = len(s.libraries[name]) == 1 && !own
	}
	if p.moved && p.name != Base {
		all[Base] = true
	}
	maps.DeleteFunc(all, func(_ string, wanted bool) bool { return !wanted })
	return slices.Sorted(maps.Keys(all)), nil
}

// depend is the constraint for alternatives, empty if all of them are excluded.
func (s *Set) depend(alternatives []control.Relation) (string, error) {
	wanted := slices.DeleteFunc(slices.Clone(alternatives), func(r control.Relation) bool {
		return slices.Contains(s.exclude, r.Name)
	})
	for _, r := range wanted {
		if found := s.providers(r); len(found) > 0 {
			return s.constraint(r)
		}
	}
	if len(wanted) == 0 {
		return "", nil
	}
	return "", fmt.Errorf("no package here satisfies its dependency on %v", alternatives)
}

// conflict is the constraint for what p cannot stand beside, empty if the set has nothing of the kind. A package may be
// what it conflicts with.
func (s *Set) conflict(p *source, r control.Relation) (string, error) {
	if r.Name == p.name {
		return "", nil
	}
	if _, ok := s.sources[r.Name]; !ok && len(s.virtual[r.Name]) == 0 {
		return "", nil
	}
	for _, v := range s.virtual[r.Name] {
		if v.source == p {
			return "", nil
		}
	}
	constraint, err := s.constraint(r)
	return "!" + constraint, err
}

// constraint is r in apk's words. It is an error if apk would answer otherwise than dpkg for any version of the name
// that there is.
func (s *Set) constraint(r control.Relation) (string, error) {
	if r.Op == "" {
		return r.Name, nil
	}
	if p, ok := s.sources[r.Name]; ok {
		if err := version.Same(p.version, r.Version); err != nil {
			return "", fmt.Errorf("%s: %w", r, err)
		}
	}
	for _, v := range s.virtual[r.Name] {
		if v.version != "" {
			if err := version.Same(v.version, r.Version); err != nil {
				return "", fmt.Errorf("%s: %w", r, err)
			}
		}
	}
	mapped, err := version.APK(r.Version)
	if err != nil {
		return "", fmt.Errorf("%s: %w", r, err)
	}
	op := map[string]string{"<<": "<", ">>": ">"}[r.Op]
	if op == "" {
		op = r.Op
	}
	return r.Name + op + mapped, nil
}

// provides returns p's virtual names, with the version where only p provides one: to apk, packages with the same
// versioned name exclude each other.
func (s *Set) provides(p *source) ([]string, error) {
	var all []string
	groups, err := control.Relations(p.Control["Provides"])
	if err != nil {
		return nil, fmt.Errorf("field Provides: %w", err)
	}
	for _, group := range groups {
		r := group[0]
		if r.Name == p.name {
			continue
		}
		if r.Op == "" || len(s.virtual[r.Name]) > 1 {
			all = append(all, r.Name)
			continue
		}
		mapped, err := version.APK(r.Version)
		if err != nil {
			return nil, fmt.Errorf("field Provides: %w", err)
		}
		all = append(all, r.Name+"="+mapped)
	}
	for name, v := range p.sonames {
		if len(s.libraries[name]) == 1 {
			all = append(all, "so:"+name+"="+v)
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// replaces returns the packages of the set whose files p may take over.
func (s *Set) replaces(p *source) ([]string, error) {
	groups, err := control.Relations(p.Control["Replaces"])
	if err != nil {
		return nil, fmt.Errorf("field Replaces: %w", err)
	}
	var all []string
	for _, group := range groups {
		if _, ok := s.sources[group[0].Name]; !ok || group[0].Name == p.name {
			continue
		}
		constraint, err := s.constraint(group[0])
		if err != nil {
			return nil, err
		}
		all = append(all, constraint)
	}
	slices.SortFunc(all, strings.Compare)
	return slices.Compact(all), nil
}
