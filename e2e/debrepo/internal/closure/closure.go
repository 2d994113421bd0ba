// Package closure finds the Debian packages that others need, without those that only maintainer scripts need.
package closure

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/control"
	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/version"
)

// Excluded names what no package of the repository depends on, whatever Debian says. Maintainer scripts are never run,
// and these are there for them:
//
//   - dpkg, debconf, perl: the scripts' own tools (py3clean asks dpkg for files);
//   - awk: base-files' postinst;
//   - openssl: update-ca-certificates, whose bundle the converter makes;
//   - install-info: readline-common's trigger.
//
// A package of such a name is in the repository only if it was asked for.
func Excluded() []string {
	return []string{
		"awk", "debconf", "debconf-2.0", "dpkg", "install-info", "mawk", "openssl", "perl", "perl-base", "cdebconf",
	}
}

// Catalog holds the packages of one architecture that could be had.
type Catalog struct {
	// packages by name, newest first
	packages  map[string][]control.Stanza
	providers map[string][]provider
}

type provider struct {
	stanza  control.Stanza
	version string // "" if it provides no version
}

// NewCatalog makes a catalog of stanzas of one architecture and of "all".
func NewCatalog(stanzas []control.Stanza) (*Catalog, error) {
	c := &Catalog{map[string][]control.Stanza{}, map[string][]provider{}}
	for _, s := range stanzas {
		c.packages[s["Package"]] = append(c.packages[s["Package"]], s)
	}
	for name, versions := range c.packages {
		slices.SortStableFunc(versions, func(a, b control.Stanza) int { return version.Compare(b["Version"], a["Version"]) })
		c.packages[name] = slices.CompactFunc(versions, func(a, b control.Stanza) bool { return a["Version"] == b["Version"] })
		// Only what is newest is installed for the sake of a virtual name.
		provides, err := control.Relations(versions[0]["Provides"])
		if err != nil {
			return nil, fmt.Errorf("package %s: Provides: %w", name, err)
		}
		for _, p := range provides {
			c.providers[p[0].Name] = append(c.providers[p[0].Name], provider{versions[0], p[0].Version})
		}
	}
	for _, providers := range c.providers {
		slices.SortFunc(providers, func(a, b provider) int {
			return strings.Compare(a.stanza["Package"], b.stanza["Package"])
		})
	}
	return c, nil
}

// Request says what a closure is of.
type Request struct {
	// Roots are names of packages, each the newest there is.
	Roots []string
	// Previous names packages of which the newest version but one is taken.
	Previous []string
	// Exclude names packages, and virtual ones, that nothing depends on.
	Exclude []string
}

// Closure returns the roots and everything that they need, by name.
func (c *Catalog) Closure(r Request) ([]control.Stanza, error) {
	w := &walk{catalog: c, request: r, chosen: map[string]control.Stanza{}}
	for _, root := range r.Roots {
		if err := w.add(root, "the request"); err != nil {
			return nil, err
		}
	}
	for _, name := range r.Previous {
		if _, ok := w.chosen[name]; !ok {
			return nil, fmt.Errorf("package %s: not needed by any other, so it has no previous version here", name)
		}
	}
	var all []control.Stanza
	for _, s := range w.chosen {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b control.Stanza) int { return strings.Compare(a["Package"], b["Package"]) })
	return all, nil
}

type walk struct {
	catalog *Catalog
	request Request
	chosen  map[string]control.Stanza
}

func (w *walk) add(name, wanted string) error {
	if _, ok := w.chosen[name]; ok {
		return nil
	}
	stanza, err := w.version(name)
	if err != nil {
		return fmt.Errorf("package %s, wanted by %s: %w", name, wanted, err)
	}
	w.chosen[name] = stanza
	for _, field := range []string{"Pre-Depends", "Depends"} {
		groups, err := control.Relations(stanza[field])
		if err != nil {
			return fmt.Errorf("package %s: %s: %w", name, field, err)
		}
		for _, alternatives := range groups {
			if err := w.satisfy(alternatives, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *walk) version(name string) (control.Stanza, error) {
	versions := w.catalog.packages[name]
	index := 0
	if slices.Contains(w.request.Previous, name) {
		index = 1
	}
	if index < len(versions) {
		return versions[index], nil
	}
	if len(versions) > 0 {
		return nil, fmt.Errorf("only version %s is there, want one before it", versions[0]["Version"])
	}
	return nil, fmt.Errorf("apt knows no such package for this architecture")
}

// satisfy chooses the first alternative that can be had, unless one is there.
func (w *walk) satisfy(alternatives []control.Relation, name string) error {
	alternatives = slices.DeleteFunc(slices.Clone(alternatives), func(r control.Relation) bool {
		return slices.Contains(w.request.Exclude, r.Name)
	})
	if len(alternatives) == 0 {
		return nil
	}
	for _, r := range alternatives {
		if w.satisfied(r) {
			return nil
		}
	}
	for _, r := range alternatives {
		if s, err := w.version(r.Name); err == nil && r.Satisfied(s["Version"]) {
			return w.add(r.Name, name)
		}
		for _, p := range w.catalog.providers[r.Name] {
			if r.Satisfied(p.version) && !slices.Contains(w.request.Exclude, p.stanza["Package"]) {
				return w.add(p.stanza["Package"], name)
			}
		}
	}
	return fmt.Errorf("package %s: nothing satisfies its dependency on %v", name, alternatives)
}

func (w *walk) satisfied(r control.Relation) bool {
	if s, ok := w.chosen[r.Name]; ok && r.Satisfied(s["Version"]) {
		return true
	}
	for _, p := range w.catalog.providers[r.Name] {
		if s, ok := w.chosen[p.stanza["Package"]]; ok && s["Version"] == p.stanza["Version"] && r.Satisfied(p.version) {
			return true
		}
	}
	return false
}
