package apksystem

import (
	"fmt"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktree"
)

// plan is which layer each package is in.
type plan struct {
	// height of each package's layer, 0 is the lowest.
	height []int
	// rewritten are the packages whose layers are not their own bytes, by index.
	rewritten map[int]bool
	// merged are those of them that share a layer, in which directories are as apk makes them. A package that is alone
	// in its layer may have come out as its own bytes.
	merged map[int]bool
}

// newPlan reads Spec.Layers and Spec.Normalised.
func newPlan(spec *Spec, packages []*apkfacts.Facts) (*plan, error) {
	index := map[string]int{}
	p := &plan{height: make([]int, len(packages)), rewritten: map[int]bool{}, merged: map[int]bool{}}
	for i, f := range packages {
		index[f.Name] = i
		p.height[i] = i
	}
	for name := range spec.Normalised {
		if i, ok := index[name]; ok {
			p.rewritten[i] = true
		}
	}
	if len(spec.Layers) == 0 {
		return p, nil
	}
	seen := map[string]bool{}
	for height, group := range spec.Layers {
		for _, name := range group {
			i, ok := index[name]
			if !ok {
				return nil, fmt.Errorf("spec: layers: package %q is not in the image", name)
			}
			if seen[name] {
				return nil, fmt.Errorf("spec: layers: package %q is in two layers, want it in one", name)
			}
			seen[name] = true
			p.height[i] = height
			if len(group) > 1 {
				p.rewritten[i], p.merged[i] = true, true
			}
		}
	}
	for _, f := range packages {
		if !seen[f.Name] {
			return nil, fmt.Errorf("spec: layers: package %q is in none; want it in one layer", f.Name)
		}
	}
	return p, nil
}

// check refuses packages that are layers as they are and would hide others' files. The error is for the first package;
// needed collects why each must be rewritten.
func (p *plan) check(t *apktree.Tree) (needed []ReportNormalised, err error) {
	for i, pkg := range t.Packages {
		why := t.WhyRewrite(i, p.height)
		if why == "" {
			continue
		}
		needed = append(needed, ReportNormalised{Package: pkg.Facts.Name, Why: why})
		if !p.rewritten[i] && err == nil {
			err = fmt.Errorf("package %s cannot be a layer as it is: %s; it must be normalised; say so in the image: normalise = [%q]", pkg.Facts, why, pkg.Facts.Name)
		}
	}
	return needed, err
}
