package locker

import (
	"context"
	"errors"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkconfig"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockgraph"
)

// Update makes the lock of a config as Lock does, but the named packages take their newest versions; without names, and
// without an earlier lock, all do. A name may be what a package provides. One that neither is locked nor will be is an
// error.
func (l *Locker) Update(ctx context.Context, config *apkconfig.Config, old *lockfile.Lock, names []string) (*Made, error) {
	m, err := l.market(ctx, config)
	if err != nil {
		return nil, err
	}
	chosen, err := m.align(nil)
	if err != nil {
		return nil, err
	}
	if old != nil && len(names) > 0 {
		named, err := find(old, chosen, names)
		if err != nil {
			return nil, err
		}
		if chosen, err = m.keep(chosen, old, named); err != nil {
			return nil, err
		}
	}
	return l.finish(ctx, m, chosen, old)
}

// find returns the names of the packages that go by the given names in a lock or in solutions.
func find(lock *lockfile.Lock, newest solutions, names []string) (map[string]bool, error) {
	found := make(map[string]bool)
	for _, name := range names {
		var missing error
		count := 0
		for _, arch := range lock.Config.Archs {
			g, err := lockgraph.New(lock, arch)
			if err != nil {
				return nil, err
			}
			packages, err := g.Find(name)
			var notLocked *lockgraph.NotLocked
			if errors.As(err, &notLocked) {
				missing = err
			}
			for _, p := range packages {
				found[p] = true
				count++
			}
		}
		for _, solution := range newest {
			for _, p := range solution.Packages {
				if p.Name == name || provides(p.Provides, name) {
					found[p.Name] = true
					count++
				}
			}
		}
		if count == 0 {
			return nil, missing
		}
	}
	return found, nil
}

func provides(list []string, name string) bool {
	for _, text := range list {
		if c, err := apkconstraint.Parse(text); err == nil && c.Name == name {
			return true
		}
	}
	return false
}
