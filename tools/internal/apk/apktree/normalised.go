package apktree

import (
	"fmt"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
)

// Normalised says which of the packages cannot be layers as they are, by name, and why, if an image has all of them:
// one layer each, in the given order. It is for locks, whose packages need not all be in one image: packages that
// conflict are no error here, but what conflicts are, the first of each package.
func Normalised(packages []*apkfacts.Facts) (map[string]string, []*Conflict, error) {
	t := newTree(packages)
	t.conflicts = &[]*Conflict{}
	if err := t.fill(packages); err != nil {
		return nil, nil, err
	}
	out := map[string]string{}
	for i, p := range t.Packages {
		if why := t.WhyRewrite(i, nil); why != "" {
			out[p.Facts.Name] = why
		}
	}
	return out, *t.conflicts, nil
}

// WhyRewrite says why a package cannot be a layer as it is, or "". height is how high the layer of each package is; nil
// for one layer each, in install order.
func (t *Tree) WhyRewrite(i int, height []int) string {
	p := t.Packages[i]
	for _, m := range p.Moved {
		return fmt.Sprintf("its directory %s is a symlink to %s in package %s", m.From, m.To, t.Packages[m.By].Facts)
	}
	if len(p.Excluded) > 0 {
		return fmt.Sprintf("%s is excluded", p.Excluded[0])
	}
	if len(p.Sparse) > 0 {
		return fmt.Sprintf("its %s is a sparse file of a kind that not every container runtime unpacks", p.Sparse[0])
	}
	at := func(p int) int {
		if height == nil {
			return p
		}
		return height[p]
	}
	for _, l := range t.Losses {
		if l.Package == i && at(l.By) <= at(i) {
			return fmt.Sprintf("its %s is replaced by that of package %s, whose layer is below", l.Path, t.Packages[l.By].Facts)
		}
	}
	return ""
}
