// Package lockgraph answers, from a lock alone, why a package is in it: it knows the roots of one architecture and what
// leads from one package to the next.
package lockgraph

import (
	"fmt"
	"maps"
	"slices"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
	"github.com/rules-apk/rules_apk/tools/internal/nearest"
)

// A Graph holds the locked packages of one architecture.
type Graph struct {
	Arch     string
	packages map[string]*lockfile.Package
	roots    []string
	// triggers has, by name, the packages whose install_if names that package.
	triggers map[string][]string
}

// New makes the graph of an architecture. The error names what is asked for but not locked: such a lock is stale or was
// edited.
func New(lock *lockfile.Lock, arch string) (*Graph, error) {
	g := &Graph{Arch: arch, packages: make(map[string]*lockfile.Package), triggers: make(map[string][]string)}
	for i := range lock.Packages {
		if p := &lock.Packages[i]; p.Arch == arch {
			g.packages[p.Name] = p
		}
	}
	for _, text := range lock.Config.Packages {
		c, err := apkconstraint.Parse(text)
		if err != nil {
			return nil, err
		}
		if c.Conflict {
			continue
		}
		providers := g.satisfying(c)
		if len(providers) == 0 {
			return nil, fmt.Errorf("apk.yaml asks for %q, but no package that is locked for %s satisfies it", text, arch)
		}
		g.roots = append(g.roots, providers...)
	}
	slices.Sort(g.roots)
	g.roots = slices.Compact(g.roots)
	g.addTriggers()
	return g, nil
}

func (g *Graph) addTriggers() {
	for _, name := range g.Names() {
		for _, r := range g.packages[name].InstallIf {
			for _, by := range r.By {
				g.triggers[by] = append(g.triggers[by], name)
			}
		}
	}
}

// Names returns the names of all packages, sorted.
func (g *Graph) Names() []string { return slices.Sorted(maps.Keys(g.packages)) }

// Package returns the entry of a package, or nil.
func (g *Graph) Package(name string) *lockfile.Package { return g.packages[name] }

// satisfying returns the packages that satisfy a constraint by their name or a provide, sorted.
func (g *Graph) satisfying(c apkconstraint.Constraint) []string {
	var names []string
	for _, name := range g.Names() {
		if satisfies(g.packages[name], c) {
			names = append(names, name)
		}
	}
	return names
}

func satisfies(p *lockfile.Package, c apkconstraint.Constraint) bool {
	if c.Op == "><" {
		return p.Name == c.Name && c.MatchesChecksum(p.Checksum)
	}
	if p.Name == c.Name && c.Matches(p.Version) {
		return true
	}
	return slices.ContainsFunc(p.Provides, func(text string) bool {
		provide, err := apkconstraint.Parse(text)
		return err == nil && provide.Name == c.Name && c.Matches(provide.Version)
	})
}

// Find returns the packages that go by a name: the package itself, or the providers of a virtual. If there are none,
// the error suggests the nearest name.
func (g *Graph) Find(name string) ([]string, error) {
	if g.packages[name] != nil {
		return []string{name}, nil
	}
	if found := g.satisfying(apkconstraint.Constraint{Name: name}); len(found) > 0 {
		return found, nil
	}
	return nil, &NotLocked{Name: name, Arch: g.Arch, Suggestion: nearest.Name(name, maps.Keys(g.packages))}
}

// NotLocked says that a lock has no package of that name.
type NotLocked struct {
	Name, Arch, Suggestion string
}

func (e *NotLocked) Error() string {
	text := fmt.Sprintf("package %q is not locked for %s", e.Name, e.Arch)
	if e.Suggestion != "" {
		text += fmt.Sprintf("; did you mean %q?", e.Suggestion)
	}
	return text
}
