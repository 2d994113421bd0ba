// Package lockcost works out, from two locks alone, which layers images get that they did not have, and how many bytes
// these are: what a change of the lock costs those who push and those who pull.
package lockcost

import (
	"cmp"
	"maps"
	"slices"

	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockgraph"
)

// An Image is what is known of one without building it.
type Image struct {
	Label string
	Roots []string // names of packages
	// Registries are the hosts that it is pushed to.
	Registries []string
}

// A Cost is the price of a change. System layers, which are small and change with every package, are not in it.
type Cost struct {
	Images     []ImageCost    `json:"images"`
	Registries []RegistryCost `json:"registries"`
}

// An ImageCost is that of one image on one architecture: what somebody pulls who has the old one.
type ImageCost struct {
	Image    string  `json:"image"`
	Arch     string  `json:"arch"`
	NewBytes int64   `json:"new_bytes"`
	Bytes    int64   `json:"bytes"` // of all its packages' layers
	Layers   []Layer `json:"layers"`
}

// A Layer is one that the image did not have.
type Layer struct {
	Package string `json:"package"`
	Version string `json:"version"`
	Digest  string `json:"digest"`
	Size    int64  `json:"size"`
}

// A RegistryCost is what all pushes together send to a registry that has the old images.
type RegistryCost struct {
	Registry string `json:"registry"`
	NewBytes int64  `json:"new_bytes"`
	Layers   int    `json:"layers"`
}

// Of compares the layers of images in two locks, on every architecture of the new one.
func Of(from, to *lockfile.Lock, images []Image) (*Cost, error) {
	before, err := graphs(from)
	if err != nil {
		return nil, err
	}
	after, err := graphs(to)
	if err != nil {
		return nil, err
	}
	c := &Cost{Images: []ImageCost{}, Registries: []RegistryCost{}}
	had, has := make(map[string]layers), make(map[string]layers)
	for _, image := range images {
		for _, arch := range to.Config.Archs {
			old, now := layersOf(before[arch], image.Roots), layersOf(after[arch], image.Roots)
			cost := ImageCost{Image: image.Label, Arch: arch, Layers: now.without(old)}
			cost.NewBytes, cost.Bytes = sum(cost.Layers), sum(now.without(nil))
			if cost.Bytes > 0 {
				c.Images = append(c.Images, cost)
			}
			for _, registry := range image.Registries {
				had[registry], has[registry] = had[registry].with(old), has[registry].with(now)
			}
		}
	}
	for _, registry := range slices.Sorted(maps.Keys(has)) {
		added := has[registry].without(had[registry])
		c.Registries = append(c.Registries, RegistryCost{registry, sum(added), len(added)})
	}
	return c, nil
}

func graphs(lock *lockfile.Lock) (map[string]*lockgraph.Graph, error) {
	all := make(map[string]*lockgraph.Graph)
	for _, arch := range lock.Config.Archs {
		g, err := lockgraph.New(lock, arch)
		if err != nil {
			return nil, err
		}
		all[arch] = g
	}
	return all, nil
}

// layers are by digest.
type layers map[string]Layer

// layersOf returns those of an image; none of an architecture that a lock does not have.
func layersOf(g *lockgraph.Graph, roots []string) layers {
	all := make(layers)
	if g == nil {
		return all
	}
	for _, name := range g.Closure(roots) {
		p := g.Package(name)
		all[p.Layer] = Layer{p.Name, p.Version, p.Layer, p.Sections.Data.Size()}
	}
	return all
}

func (l layers) with(others layers) layers {
	all := maps.Clone(others)
	maps.Copy(all, l)
	return all
}

// without returns what others lack, sorted by name.
func (l layers) without(others layers) []Layer {
	rest := []Layer{}
	for digest, layer := range l {
		if _, ok := others[digest]; !ok {
			rest = append(rest, layer)
		}
	}
	slices.SortFunc(rest, func(a, b Layer) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Digest, b.Digest))
	})
	return rest
}

func sum(all []Layer) int64 {
	var size int64
	for _, l := range all {
		size += l.Size
	}
	return size
}
