// Package imageset chooses the packages of many different images on one lock, the same ones every time.
package imageset

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
)

// Graph is what the packages of one architecture depend on, by name.
type Graph map[string][]string

// ReadLock reads the graph of an architecture out of an apk.lock.json.
func ReadLock(path, arch string) (Graph, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var lock struct {
		Packages []struct {
			Name, Arch string
			Depends    []struct {
				Needs string
				By    []string
			}
		}
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	g := Graph{}
	for _, p := range lock.Packages {
		if p.Arch == arch {
			g[p.Name] = nil
			for _, d := range p.Depends {
				if !strings.HasPrefix(d.Needs, "!") {
					g[p.Name] = append(g[p.Name], d.By...)
				}
			}
		}
	}
	return g, nil
}

// Close adds name and what it depends on to closed.
func (g Graph) Close(closed map[string]bool, name string) {
	if closed[name] {
		return
	}
	closed[name] = true
	for _, dep := range g[name] {
		g.Close(closed, dep)
	}
}

// Image is what an image is to have.
type Image struct {
	Roots    []string // sorted
	Packages int      // with all that they depend on
}

// Choose returns n images. Each has the packages of core and others, chosen by the image's number, until with all
// dependencies there are at least least, and up to half as many more. exclude names packages not to choose as roots.
func (g Graph) Choose(n, least int, core, exclude []string) ([]Image, error) {
	var names []string
	for name := range g {
		if !slices.Contains(exclude, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	images := make([]Image, n)
	for i := range images {
		random := rand.New(rand.NewPCG(uint64(i), uint64(least)))
		closed := map[string]bool{}
		roots := slices.Clone(core)
		for _, name := range core {
			g.Close(closed, name)
		}
		want := least + random.IntN(least/2+1)
		for _, at := range random.Perm(len(names)) {
			if len(closed) >= want {
				break
			}
			if name := names[at]; !closed[name] {
				g.Close(closed, name)
				roots = append(roots, name)
			}
		}
		if len(closed) < least {
			return nil, fmt.Errorf("image %d has only %d of %d packages, want at least %d", i, len(closed), len(g), least)
		}
		slices.Sort(roots)
		images[i] = Image{Roots: roots, Packages: len(closed)}
	}
	return images, nil
}

// Build writes a BUILD file with the images, which are called image_N from first on, out of the packages of a hub.
func Build(hub string, images []Image, first int) string {
	var b strings.Builder
	b.WriteString("load(\"@rules_apk//apk:defs.bzl\", \"apk_image\")\n\npackage(default_visibility = [\"//visibility:public\"])\n")
	for i, image := range images {
		fmt.Fprintf(&b, "\napk_image(\n    name = \"image_%d\",\n    packages = [\n", first+i)
		for _, root := range image.Roots {
			fmt.Fprintf(&b, "        \"@%s//%s\",\n", hub, root)
		}
		b.WriteString("    ],\n)\n")
	}
	return b.String()
}

// Sizes returns the smallest and greatest number of packages.
func Sizes(images []Image) (least, most int) {
	byPackages := func(a, b Image) int { return cmp.Compare(a.Packages, b.Packages) }
	return slices.MinFunc(images, byPackages).Packages, slices.MaxFunc(images, byPackages).Packages
}
