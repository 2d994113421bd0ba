package apklocker

import (
	"context"
	"maps"
	"slices"

	"github.com/rules-apk/rules_apk/tools/internal/apkconfig"
	"github.com/rules-apk/rules_apk/tools/internal/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/apkrepo"
	"github.com/rules-apk/rules_apk/tools/internal/apkresolve"
	"github.com/rules-apk/rules_apk/tools/internal/apkversion"
)

// A market is what there is to choose from, and what is wanted.
type market struct {
	config  *apkconfig.Config
	world   []apkconstraint.Constraint
	indexes map[string][]*apkrepo.Index // by architecture, in the order of config.Repositories
}

// pins hold packages at a version, by architecture and name.
type pins map[string]map[string]string

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

// resolve chooses packages for every architecture.
func (m *market) resolve(p pins) (solutions, error) {
	s := make(solutions)
	for _, arch := range m.config.Archs {
		var err error
		if s[arch], err = m.resolveArch(arch, p[arch]); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// resolveArch chooses packages; of a pinned name, the resolver sees the pinned
// version only.
func (m *market) resolveArch(arch string, pinned map[string]string) (*apkresolve.Solution, error) {
	r := apkresolve.Request{Arch: arch, World: m.world}
	for i, repository := range m.config.Repositories {
		packages := m.indexes[arch][i].Packages
		if len(pinned) > 0 {
			packages = slices.DeleteFunc(slices.Clone(packages), func(p *apkindex.Package) bool {
				version, ok := pinned[p.Name]
				return ok && p.Version != version
			})
		}
		r.Repositories = append(r.Repositories, apkresolve.Repository{URL: repository.URL, Tag: repository.Tag, Packages: packages})
	}
	return apkresolve.Resolve(r)
}

// available returns the versions of a package, newest first.
func (m *market) available(arch, name string) []string {
	return m.versions(arch, name, func(apkconfig.Repository) bool { return true })
}

// availableFor leaves out repositories with another tag.
func (m *market) availableFor(arch, name, tag string) []string {
	return m.versions(arch, name, func(r apkconfig.Repository) bool { return r.Tag == tag || r.Tag == "" })
}

func (m *market) versions(arch, name string, in func(apkconfig.Repository) bool) []string {
	var all []string
	for i, index := range m.indexes[arch] {
		if !in(m.config.Repositories[i]) {
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

// align tries to give each package the same version on all architectures: the
// newest that all of them have and that the others allow. Names are taken in
// order, and what was aligned stays.
func (m *market) align(s solutions) solutions {
	fixed := make(pins)
	for _, arch := range m.config.Archs {
		fixed[arch] = make(map[string]string)
	}
	for {
		aligned := false
		for _, d := range differences(s) {
			if _, tried := fixed[m.config.Archs[0]][d.name]; tried {
				continue
			}
			if next, ok := m.alignName(d, fixed); ok {
				s, aligned = next, true
				break
			}
		}
		if !aligned {
			return s
		}
	}
}

func (m *market) alignName(d difference, fixed pins) (solutions, bool) {
	archs := slices.Sorted(maps.Keys(d.versions))
	for _, version := range m.available(archs[0], d.name) {
		if !m.allHave(archs[1:], d.name, version) {
			continue
		}
		for _, arch := range m.config.Archs {
			fixed[arch][d.name] = version
		}
		if s, err := m.resolve(fixed); err == nil {
			return s, true
		}
		for _, arch := range m.config.Archs {
			delete(fixed[arch], d.name)
		}
	}
	return nil, false
}

func (m *market) allHave(archs []string, name, version string) bool {
	for _, arch := range archs {
		if !slices.Contains(m.available(arch, name), version) {
			return false
		}
	}
	return true
}
