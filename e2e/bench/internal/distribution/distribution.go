// Package distribution generates repositories of any size whose packages depend on each other as a real distribution's
// do, the same ones every time.
package distribution

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/rules-apk/rules_apk/e2e/internal/rebuild"
)

// Shape says what is generated.
type Shape struct {
	Size  int      // packages for each architecture
	Archs []string // each has the same packages
	Seed  uint64
}

// Package is a generated package. It holds one small file.
type Package struct {
	Name    string
	Depends []string // names, or names with "so:"
}

const (
	version = "1.2.3-r0"
	// In a distribution nearly everything needs a few libraries (a hub), much needs some others, and most is needed by
	// little.
	hubs      = 8
	cycleEach = 400 // one pair of packages that need each other among so many
)

// Name is that of the package with number i.
func Name(i int) string {
	switch {
	case i < hubs:
		return fmt.Sprintf("hub%d", i)
	case i%5 == 0:
		return fmt.Sprintf("lib%05d", i)
	}
	return fmt.Sprintf("pkg%05d", i)
}

// Packages generates the packages. A package depends on packages with lower numbers, but for the cycles.
func (s Shape) Packages() []Package {
	random := rand.New(rand.NewPCG(s.Seed, uint64(s.Size)))
	packages := make([]Package, s.Size)
	for i := range packages {
		chosen := map[int]bool{}
		if i >= hubs {
			chosen[0] = true // as libc
			for range random.IntN(3) {
				chosen[random.IntN(hubs)] = true
			}
			for range random.IntN(4) {
				// Low numbers are asked for more often; libraries only by their sonames.
				at := int(float64(i) * random.Float64() * random.Float64())
				chosen[max(at-at%5, 0)] = true
			}
		}
		packages[i] = Package{Name: Name(i)}
		for dep := range chosen {
			if dep < i {
				packages[i].Depends = append(packages[i].Depends, soname(dep))
			}
		}
		if i%cycleEach == cycleEach-1 {
			packages[i].Depends = append(packages[i].Depends, Name(i-1))
			packages[i-1].Depends = append(packages[i-1].Depends, Name(i))
		}
		slices.Sort(packages[i].Depends)
	}
	return packages
}

func soname(i int) string { return fmt.Sprintf("so:lib%s.so.1", Name(i)) }

// Write writes the repositories of all architectures to dir/ARCH. Packages are made in scratch, parallel of them at
// once.
func (s Shape) Write(ctx context.Context, b *rebuild.Builder, dir, scratch string, parallel int) error {
	packages := s.Packages()
	for _, arch := range s.Archs {
		files := make([]string, len(packages))
		group, groupCtx := errgroup.WithContext(ctx)
		group.SetLimit(parallel)
		for i, p := range packages {
			files[i] = filepath.Join(scratch, fmt.Sprintf("%s-%s-%s.apk", arch, p.Name, version))
			group.Go(func() error { return p.write(groupCtx, b, arch, i, files[i]) })
		}
		if err := group.Wait(); err != nil {
			return err
		}
		if err := b.Repository(ctx, dir, arch, files...); err != nil {
			return err
		}
	}
	return nil
}

func (p Package) write(ctx context.Context, b *rebuild.Builder, arch string, i int, to string) error {
	spec, err := json.Marshal(map[string]any{
		"name": p.Name, "version": version, "arch": arch, "description": "generated", "license": "MIT",
		"depends": p.Depends, "provides": []string{soname(i) + "=1"}, "build_time": 1_700_000_000 + i,
	})
	if err != nil {
		return err
	}
	entry := fmt.Sprintf(`--entry={"path":"/usr/share/%s","link":"%d"}`, p.Name, i)
	return b.Run(ctx, "package", "--spec="+string(spec), entry, "--apk="+to)
}
