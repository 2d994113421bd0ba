package apkresolve

import (
	"maps"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkversion"
)

// ArchVersion is the version that one architecture has.
type ArchVersion struct{ Arch, Version string }

// Difference is a package that some architectures have at another version than others. Those that do not have it at all
// do not count.
type Difference struct {
	Name     string
	Versions []ArchVersion // in the order of the architectures
}

// String is "musl differs by architecture: 1.2.4-r4 (x86_64), 1.2.2-r0 (aarch64)".
func (d Difference) String() string {
	var texts []string
	for _, v := range d.Versions {
		texts = append(texts, v.Version+" ("+v.Arch+")")
	}
	return d.Name + " differs by architecture: " + strings.Join(texts, ", ")
}

// ResolveAll answers one request for each of several architectures, with the same version of a package everywhere where
// that is possible. Solutions are in the order of the requests.
func ResolveAll(requests []Request) ([]*Solution, error) {
	best, err := resolveEach(requests)
	if err != nil {
		return nil, err
	}
	var archs []string
	for _, r := range requests {
		archs = append(archs, r.Arch)
	}
	left := Differences(archs, best)
	tried := map[string]bool{} // "name version"
	for len(left) > 0 {
		// Try the newest version that all have and that was not tried yet, for all names at once: those of one source
		// package go together.
		attempt := slices.Clone(requests)
		for i := range attempt {
			attempt[i].Keep = maps.Clone(attempt[i].Keep)
			if attempt[i].Keep == nil {
				attempt[i].Keep = map[string]string{}
			}
			for name, version := range agreed(best) {
				if _, ok := attempt[i].Keep[name]; !ok {
					attempt[i].Keep[name] = version
				}
			}
		}
		progress := false
		for _, d := range left {
			for _, version := range common(requests, d) {
				if key := d.Name + " " + version; !tried[key] {
					tried[key], progress = true, true
					for i := range attempt {
						attempt[i].Keep[d.Name] = version
					}
					break
				}
			}
		}
		if !progress {
			break
		}
		solutions, err := resolveEach(attempt)
		if err != nil {
			return nil, err
		}
		if now := Differences(archs, solutions); len(now) < len(left) {
			best, left = solutions, now
		}
	}
	return best, nil
}

func resolveEach(requests []Request) ([]*Solution, error) {
	solutions := make([]*Solution, len(requests))
	for i, request := range requests {
		var err error
		if solutions[i], err = Resolve(request); err != nil {
			return nil, err
		}
	}
	return solutions, nil
}

// agreed gives the versions of the names that several solutions have, and have at one version.
func agreed(solutions []*Solution) map[string]string {
	count := map[string]int{}
	versions := map[string]string{}
	clash := map[string]bool{}
	for _, s := range solutions {
		for _, p := range s.Packages {
			count[p.Name]++
			if v, ok := versions[p.Name]; ok && v != p.Version {
				clash[p.Name] = true
			}
			versions[p.Name] = p.Version
		}
	}
	maps.DeleteFunc(versions, func(name, _ string) bool { return clash[name] || count[name] < 2 })
	return versions
}

// Differences gives the packages that solutions, one for each of archs, have at several versions, sorted by name.
func Differences(archs []string, solutions []*Solution) []Difference {
	byName := map[string]*Difference{}
	for i, s := range solutions {
		for _, p := range s.Packages {
			d := byName[p.Name]
			if d == nil {
				d = &Difference{Name: p.Name}
				byName[p.Name] = d
			}
			d.Versions = append(d.Versions, ArchVersion{archs[i], p.Version})
		}
	}
	var list []Difference
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		d := byName[name]
		if slices.ContainsFunc(d.Versions, func(v ArchVersion) bool { return v.Version != d.Versions[0].Version }) {
			list = append(list, *d)
		}
	}
	return list
}

// common gives the versions of a name that all architectures that use it have, the newest first.
func common(requests []Request, d Difference) []string {
	count := map[string]int{}
	for _, v := range d.Versions {
		i := slices.IndexFunc(requests, func(r Request) bool { return r.Arch == v.Arch })
		there := map[string]bool{}
		for _, repository := range requests[i].Repositories {
			for _, p := range repository.Packages {
				if p.Name == d.Name {
					there[p.Version] = true
				}
			}
		}
		for version := range there {
			count[version]++
		}
	}
	maps.DeleteFunc(count, func(_ string, n int) bool { return n < len(d.Versions) })
	return slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		if order := apkversion.Compare(b, a); order != 0 {
			return order
		}
		return strings.Compare(a, b)
	})
}
