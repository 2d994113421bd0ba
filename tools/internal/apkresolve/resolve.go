// Package apkresolve picks, from the packages of several repositories, the set
// that a world of constraints asks for: the same set, in the same install
// order, as "apk add" of apk-tools 2.14 on an empty system. It does no I/O.
package apkresolve

import (
	"github.com/rules-apk/rules_apk/tools/internal/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/apkindex"
)

// Repository is one index, of one architecture.
type Repository struct {
	URL string
	// Tag is the repository's tag without "@". A tagged repository serves only
	// those who ask for the tag.
	Tag      string
	Packages []*apkindex.Package
}

// Request is what to resolve. The order of the repositories decides between
// equal versions; the order of the packages in them and of the world does not
// matter.
type Request struct {
	Arch         string
	Repositories []Repository
	World        []apkconstraint.Constraint
}

// Selected is a package of a solution.
type Selected struct {
	*apkindex.Package
	// Repository is an index into Request.Repositories.
	Repository int
	// Depends has the names of the selected packages that satisfy the
	// package's dependencies, sorted, each once. The package itself is not
	// among them.
	Depends []string
}

// Solution is a set of packages that satisfies a request.
type Solution struct {
	// Packages are in install order.
	Packages []Selected
}

// Resolve answers a request. The error is *UnknownName, *Unsatisfiable, or
// another one for a request that makes no sense.
func Resolve(request Request) (*Solution, error) {
	c, err := newCatalog(&request)
	if err != nil {
		return nil, err
	}
	return c.resolve()
}

func (c *catalog) resolve() (*Solution, error) {
	for i := range c.world {
		if !c.world[i].Conflict && len(c.providersOf(c.world[i].name)) == 0 {
			return nil, &UnknownName{Arch: c.request.Arch, Name: c.world[i].Name}
		}
	}
	d := deduce(c)
	order := d.installOrder()
	if d.failures > 0 {
		return nil, &Unsatisfiable{Arch: c.request.Arch, Reasons: []string{"apk's own way finds none"}}
	}
	return c.solution(order, func(id packageID) uint64 { return d.packages[id].allowed }), nil
}
