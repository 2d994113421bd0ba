package locker

import (
	"context"
	"slices"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkversion"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkconfig"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

// An Outdated package has a newer version in the repositories, or what is locked is gone from them.
type Outdated struct {
	Name, Locked string
	Newest       string   // empty if the package is gone altogether
	Gone         bool     // the repositories do not list the locked version
	Rebuilt      bool     // they list it, but built again: the locked file is gone
	Archs        []string // sorted
}

// Outdated compares a lock with the repositories' indexes as they are now. Of tagged repositories, it looks only at the
// one that a package was taken from. The result is sorted by name.
func (l *Locker) Outdated(ctx context.Context, config *apkconfig.Config, lock *lockfile.Lock) ([]Outdated, error) {
	m, err := l.market(ctx, config)
	if err != nil {
		return nil, err
	}
	return m.outdated(lock), nil
}

func (m *market) outdated(lock *lockfile.Lock) []Outdated {
	var all []Outdated
	for _, p := range lock.Packages {
		if !slices.Contains(m.config.Archs, p.Arch) {
			continue
		}
		versions := m.available(p.Arch, p.Name, lock.Repositories[p.Repository].Tag)
		o := Outdated{Name: p.Name, Locked: p.Version, Gone: !slices.Contains(versions, p.Version), Archs: []string{p.Arch}}
		if len(versions) > 0 {
			o.Newest = versions[0]
		}
		o.Rebuilt = !o.Gone && !m.lists(&p, lock.Repositories[p.Repository].Tag)
		if !o.Gone && !o.Rebuilt && apkversion.Compare(o.Newest, o.Locked) <= 0 {
			continue
		}
		// Entries of one name follow each other in a lock.
		if n := len(all); n > 0 && all[n-1].Name == o.Name && all[n-1].Locked == o.Locked && all[n-1].Newest == o.Newest && all[n-1].Gone == o.Gone && all[n-1].Rebuilt == o.Rebuilt {
			all[n-1].Archs = append(all[n-1].Archs, p.Arch)
			continue
		}
		all = append(all, o)
	}
	return all
}

// lists reports whether an index has the very package that is locked.
func (m *market) lists(locked *lockfile.Package, tag string) bool {
	for i, index := range m.indexes[locked.Arch] {
		if t := m.config.Repositories[i].Tag; t != tag && t != "" {
			continue
		}
		for _, p := range index.Packages {
			if p.Name == locked.Name && p.Version == locked.Version && p.Checksum == locked.Checksum {
				return true
			}
		}
	}
	return false
}
