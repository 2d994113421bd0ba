package apkresolve

import (
	"iter"

	"github.com/rules-apk/rules_apk/tools/internal/nearest"
)

// unknown is the error for a name that nothing has.
func (c *catalog) unknown(name string) *UnknownName {
	return &UnknownName{Arch: c.request.Arch, Name: name, Suggestion: c.nearest(name)}
}

// nearest gives the package name that a mistyped one was probably meant to be, or else something that a package
// provides, or else nothing.
func (c *catalog) nearest(name string) string {
	if own := nearest.Name(name, c.known(true)); own != "" {
		return own
	}
	return nearest.Name(name, c.known(false))
}

// known gives the names of packages, or of all that they go by.
func (c *catalog) known(own bool) iter.Seq[string] {
	return func(yield func(string) bool) {
		for n, text := range c.names {
			for _, p := range c.providersOf(nameID(n)) {
				if own && c.packages[p.pkg].name != nameID(n) {
					continue
				}
				if !yield(text) {
					return
				}
				break
			}
		}
	}
}
