package locker

import (
	"context"
	"slices"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkversion"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkconfig"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkrepo"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkresolve"
)

// A market is what there is to choose from, and what is wanted.
type market struct {
	config  *apkconfig.Config
	world   []apkconstraint.Constraint
	indexes map[string][]*apkrepo.Index // by architecture, in the order of config.Repositories
}

// solutions are by architecture.
type solutions map[string]*apkresolve.Solution

func (l *Locker) market(ctx context.Context, config *apkconfig.Config) (*market, error) {
	world, err := parseWorld(config.Packages)
	if err != nil {
		return nil, err
	}
	indexes, err := l.indexes(ctx, config)
	return &market{config: config, world: world, indexes: indexes}, err
}

func parseWorld(packages []string) ([]apkconstraint.Constraint, error) {
	var world []apkconstraint.Constraint
	for _, p := range packages {
		c, err := apkconstraint.Parse(p)
		if err != nil {
			return nil, err
		}
		world = append(world, c)
	}
	return world, nil
}

// align chooses packages for every architecture, at the same versions where that is possible, out of what the pins of
// the architecture allow.
func (m *market) align(held map[string]pins) (solutions, error) {
	var requests []apkresolve.Request
	for _, arch := range m.config.Archs {
		requests = append(requests, m.request(arch, held[arch].allows))
	}
	aligned, err := apkresolve.ResolveAll(requests)
	if err != nil {
		return nil, err
	}
	s := make(solutions)
	for i, arch := range m.config.Archs {
		s[arch] = aligned[i]
	}
	return s, nil
}

// request is what to resolve out of the packages that are allowed.
func (m *market) request(arch string, allowed func(*apkindex.Package) bool) apkresolve.Request {
	r := apkresolve.Request{Arch: arch, World: m.world}
	for i, repository := range m.config.Repositories {
		var packages []*apkindex.Package
		for _, p := range m.indexes[arch][i].Packages {
			if allowed(p) {
				packages = append(packages, p)
			}
		}
		r.Repositories = append(r.Repositories, apkresolve.Repository{URL: repository.URL, Tag: repository.Tag, Packages: packages})
	}
	return r
}

// available returns the versions of a package, newest first. It leaves out repositories with another tag.
func (m *market) available(arch, name, tag string) []string {
	var all []string
	for i, index := range m.indexes[arch] {
		if t := m.config.Repositories[i].Tag; t != tag && t != "" {
			continue
		}
		for _, p := range index.Packages {
			if p.Name == name && !slices.Contains(all, p.Version) {
				all = append(all, p.Version)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b string) int { return apkversion.Compare(b, a) })
	return all
}
