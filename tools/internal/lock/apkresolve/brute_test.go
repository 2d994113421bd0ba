package apkresolve

import (
	"math/bits"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
)

// brute answers a small request by trying all sets of packages. It is written from the rules in the documentation of
// Resolve, without the catalog.
type brute struct {
	packages []*apkindex.Package
	tags     []string // of the repository of each package
	world    []apkconstraint.Constraint
	depends  [][]apkconstraint.Constraint
	installs [][]apkconstraint.Constraint
	goesBy   []map[string][]string // by package: name to versions
}

func newBrute(request Request) *brute {
	b := &brute{world: request.World}
	parse := func(texts []string) []apkconstraint.Constraint {
		var list []apkconstraint.Constraint
		for _, text := range texts {
			c, err := apkconstraint.Parse(text)
			if err != nil {
				panic(err)
			}
			list = append(list, c)
		}
		return list
	}
	for _, r := range request.Repositories {
		for _, p := range r.Packages {
			b.packages = append(b.packages, p)
			b.tags = append(b.tags, r.Tag)
			b.depends = append(b.depends, parse(p.Depends))
			b.installs = append(b.installs, parse(p.InstallIf))
			names := map[string][]string{p.Name: {p.Version}}
			for _, text := range p.Provides {
				name, version, _ := strings.Cut(text, "=")
				names[name] = append(names[name], version)
			}
			b.goesBy = append(b.goesBy, names)
		}
	}
	return b
}

func (b *brute) matches(i int, c apkconstraint.Constraint) bool {
	for _, version := range b.goesBy[i][c.Name] {
		if c.Matches(version) {
			return true
		}
	}
	return false
}

// matching gives the packages of a set that a constraint speaks of.
func (b *brute) matching(set uint, c apkconstraint.Constraint) uint {
	var list uint
	for i := range b.packages {
		if set&(1<<i) != 0 && b.matches(i, c) {
			list |= 1 << i
		}
	}
	return list
}

// valid says whether a set is an answer, but for what install_if would add.
func (b *brute) valid(set uint) bool {
	for _, c := range b.world {
		if (b.matching(set, c) != 0) == c.Conflict {
			return false
		}
	}
	for i := range b.packages {
		if set&(1<<i) == 0 {
			continue
		}
		for _, c := range b.depends[i] {
			others := set
			if c.Conflict {
				others &^= 1 << i
			}
			if (b.matching(others, c) != 0) == c.Conflict {
				return false
			}
		}
		for j := range i {
			if set&(1<<j) != 0 && b.clash(i, j) {
				return false
			}
		}
	}
	return b.grounded(set)
}

// clash says whether two packages go by the same name, one of them with a version.
func (b *brute) clash(i, j int) bool {
	for name, versions := range b.goesBy[i] {
		others, ok := b.goesBy[j][name]
		if ok && strings.Join(versions, "")+strings.Join(others, "") != "" {
			return true
		}
	}
	return false
}

// picks says whether a dependency is a reason to take a package that matches.
func (b *brute) picks(i int, c apkconstraint.Constraint) bool {
	if b.packages[i].ProviderPriority != 0 {
		return b.matches(i, c)
	}
	for _, version := range b.goesBy[i][c.Name] {
		if version != "" && c.Matches(version) {
			return true
		}
	}
	return false
}

// grounded says whether all packages of a set have a reason, and may come from where they lie.
func (b *brute) grounded(set uint) bool {
	var reached uint
	reach := make([]map[string]bool, len(b.packages)) // tags by package
	add := func(c apkconstraint.Constraint, from int, tags map[string]bool) bool {
		changed := false
		for i := range b.packages {
			if c.Conflict || i == from || set&(1<<i) == 0 || !b.matches(i, c) {
				continue
			}
			if !b.picks(i, c) && reached&(1<<i) == 0 {
				continue
			}
			if reached&(1<<i) == 0 {
				reached |= 1 << i
				reach[i] = map[string]bool{"": true}
				changed = true
			}
			for tag := range tags {
				changed = changed || !reach[i][tag]
				reach[i][tag] = true
			}
		}
		return changed
	}
	for changed := true; changed; {
		changed = false
		for _, c := range b.world {
			changed = add(c, -1, map[string]bool{c.Tag: true}) || changed
		}
		for i := range b.packages {
			if reached&(1<<i) != 0 {
				for _, c := range b.depends[i] {
					changed = add(c, i, reach[i]) || changed
				}
			}
			if set&(1<<i) == 0 || !b.triggered(i, reached) {
				continue
			}
			if reached&(1<<i) == 0 {
				reached |= 1 << i
				reach[i] = map[string]bool{"": true}
				changed = true
			}
			for tag := range b.triggerTags(i, set, reach) {
				changed = changed || !reach[i][tag]
				reach[i][tag] = true
			}
		}
	}
	for i := range b.packages {
		if set&(1<<i) != 0 && (reached&(1<<i) == 0 || !reach[i][b.tags[i]]) {
			return false
		}
	}
	return true
}

func (b *brute) triggered(i int, set uint) bool {
	for _, c := range b.installs[i] {
		if b.matching(set, c) == 0 {
			return false
		}
	}
	return len(b.installs[i]) > 0
}

func (b *brute) triggerTags(i int, set uint, reach []map[string]bool) map[string]bool {
	tags := map[string]bool{}
	for _, c := range b.installs[i] {
		for j := range b.packages {
			if b.matching(set, c)&(1<<j) != 0 {
				for tag := range reach[j] {
					tags[tag] = true
				}
			}
		}
	}
	return tags
}

// answers gives all valid sets.
func (b *brute) answers() []uint {
	var list []uint
	for set := range uint(1) << len(b.packages) {
		if b.valid(set) {
			list = append(list, set)
		}
	}
	return list
}

// closed says whether no valid set has all of this one and something besides that an install_if, met here, asks for.
func (b *brute) closed(set uint, answers []uint) bool {
	var asked uint
	for i := range b.packages {
		if set&(1<<i) == 0 && b.triggered(i, set) {
			asked |= 1 << i
		}
	}
	for _, larger := range answers {
		if larger&set == set && larger&asked != 0 {
			return false
		}
	}
	return true
}

// setOf gives a solution as a set, or false where it has a package twice or one that does not exist.
func (b *brute) setOf(s *Solution) (uint, bool) {
	var set uint
	for _, selected := range s.Packages {
		for i, p := range b.packages {
			if p == selected.Package {
				set |= 1 << i
			}
		}
	}
	return set, bits.OnesCount(set) == len(s.Packages)
}
