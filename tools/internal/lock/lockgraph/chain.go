package lockgraph

import (
	"slices"
	"strings"
)

// A Step leads to a package.
type Step struct {
	Name string
	// InstallIf is set if the package was added because the one before it, and perhaps others, are there; otherwise the
	// one before depends on it.
	InstallIf bool
}

// A Chain leads from a root to a package.
type Chain []Step

// String returns "openssl -> libssl3 -> musl"; an arrow that stands for an install_if says so.
func (c Chain) String() string {
	var b strings.Builder
	for i, s := range c {
		switch {
		case i == 0:
		case s.InstallIf:
			b.WriteString(" -(install_if)-> ")
		default:
			b.WriteString(" -> ")
		}
		b.WriteString(s.Name)
	}
	return b.String()
}

// next returns the steps that lead on from a package: first to what it depends on, then to what it triggers.
func (g *Graph) next(name string) []Step {
	var steps []Step
	for _, d := range g.packages[name].Needed() {
		steps = append(steps, Step{Name: d})
	}
	for _, t := range g.triggers[name] {
		steps = append(steps, Step{Name: t, InstallIf: true})
	}
	return steps
}

// Chains returns the shortest chain to a package from each root that leads to it, in the order of the roots.
func (g *Graph) Chains(name string) []Chain {
	var chains []Chain
	for _, root := range g.roots {
		if chain := g.shortest(root, name); chain != nil {
			chains = append(chains, chain)
		}
	}
	return chains
}

func (g *Graph) shortest(root, name string) Chain {
	from := map[string]Chain{root: {{Name: root}}}
	queue := []string{root}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		if at == name {
			return from[at]
		}
		for _, s := range g.next(at) {
			if _, seen := from[s.Name]; seen {
				continue
			}
			from[s.Name] = append(slices.Clone(from[at]), s)
			queue = append(queue, s.Name)
		}
	}
	return nil
}
