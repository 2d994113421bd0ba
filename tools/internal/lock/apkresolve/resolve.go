// Package apkresolve picks, from the packages of several repositories, the set that a world of constraints asks for:
// the same set, in the same install order, as "apk add" of apk-tools 2.14 on an empty system. It does no I/O.
package apkresolve

import (
	"errors"
	"fmt"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
)

// Repository is one index, of one architecture.
type Repository struct {
	URL string
	// Tag is the repository's tag without "@". A tagged repository serves only those who ask for the tag.
	Tag      string
	Packages []*apkindex.Package
}

// Request is what to resolve. The order of the repositories decides between equal versions, that of the packages in one
// of them between entries of one name and version; otherwise neither it nor the order of the world matters.
type Request struct {
	Arch         string
	Repositories []Repository
	World        []apkconstraint.Constraint
	// Keep has versions to stay with, by name: what a lock had before, or what other architectures have. Another
	// version of a name is taken only where its repositories no longer have the one to keep, or where there is no
	// answer with it.
	Keep map[string]string
}

// Selected is a package of a solution.
type Selected struct {
	*apkindex.Package
	// Repository is an index into Request.Repositories.
	Repository int
	// Depends has what the package depends on and what it excludes, in the order of the index.
	Depends []Requirement
	// InstallIf has what the package waits for. It is empty where not all of it is met by selected packages.
	InstallIf []Requirement
}

// Requirement is a constraint and what meets it.
type Requirement struct {
	Needs string // as in the index
	// By has the names of the selected packages that meet it, in apk's order of preference. The package that has the
	// requirement may be one of them. Of something that is excluded, they are those that go by the name at a version
	// that is not: there may be none.
	By []string
}

// Solution is a set of packages that satisfies a request.
type Solution struct {
	// Packages are in install order.
	Packages []Selected
	// Notes are sentences about choices that apk would not have made: it refuses.
	Notes []string
}

// Resolve answers a request. The error is *UnknownName, *Unsatisfiable, or another one for a request that makes no
// sense.
//
// An answer is a set of packages for which all of this holds:
//
//   - Every constraint of the world and every dependency of a package in the set
//     is met: for one that forbids ("!"), no other package in the set matches,
//     for any other, some package in the set does. A package matches by its own
//     name and version, or by a name and version that it provides; a provide
//     without a version matches a constraint without one only.
//   - Of two packages that go by one name, both do so without a version.
//   - Every package is there for a reason: something asks for it that is there
//     for a reason itself. A dependency is a reason for what it matches, but a
//     provide without a version needs a provider_priority for that. So is an
//     install_if of which all parts are in the set; a part with "!" wants the
//     name to be there at a version that it does not match.
//   - A package that only tagged repositories have is there because of a
//     constraint of the world with one of these tags, directly or along the way.
//   - Nothing that an install_if asks for can be added without taking something
//     away.
//
// There can be several answers. Where apk 2.14 has one that holds, it is that one, in apk's install order; otherwise a
// search finds one, preferring what apk prefers: of several candidates those with the tag asked for, the highest
// version, the highest provider_priority, the first repository.
func Resolve(request Request) (*Solution, error) {
	c, err := newCatalog(&request)
	if err != nil {
		return nil, err
	}
	return c.resolve()
}

func (c *catalog) resolve() (*Solution, error) {
	for {
		s, err := c.resolveHeld()
		var conflict *heldConflict
		if !errors.As(err, &conflict) {
			return s, err
		}
		c.release(conflict.name)
	}
}

// resolveHeld answers with all the versions that are to be kept. The error may be *heldConflict.
func (c *catalog) resolveHeld() (*Solution, error) {
	for i := range c.world {
		if !c.world[i].Conflict && len(c.providersOf(c.world[i].name)) == 0 {
			return nil, c.unknown(c.world[i].Name)
		}
	}
	// apk's own way first: where it ends well, its answer is the answer.
	d := deduce(c)
	order := d.installOrder()
	chosen := setOf(order)
	v := verifier{catalog: c, chosen: chosen}
	if d.failures == 0 && v.checkAll() == nil && len(v.missing()) == 0 {
		return c.solution(order, chosen), nil
	}
	p := newProblem(c)
	defer func() { c.conflicts += p.solver.Conflicts }()
	if d.failures > 0 || v.checkAll() != nil {
		if chosen = p.search(nil); chosen == nil {
			return nil, p.explain()
		}
	}
	if larger := p.complete(chosen); len(larger) > len(chosen) || d.failures > 0 || v.checkAll() != nil {
		chosen = larger
		order = arrange(c, chosen)
	}
	v = verifier{catalog: c, chosen: setOf(order)}
	if err := v.checkAll(); err != nil {
		return nil, fmt.Errorf("resolving (%s): the answer found is wrong: %w; please report this with the request", c.request.Arch, err)
	}
	solution := c.solution(order, chosen)
	if d.failures > 0 {
		solution.Notes = c.secondChoices(chosen)
	}
	return solution, nil
}

func setOf(list []packageID) map[packageID]bool {
	set := make(map[packageID]bool, len(list))
	for _, id := range list {
		set[id] = true
	}
	return set
}
