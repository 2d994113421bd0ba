package locker

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/rules-apk/rules_apk/tools/internal/lock/apkconfig"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkresolve"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockgraph"
)

// Update makes the lock of a config as Lock does, but only the named packages
// take the versions that Lock would give them: every other locked package keeps
// its version if it still exists and the named ones allow it. A name may be
// what a locked package provides; one that is not locked for any architecture
// is an error.
func (l *Locker) Update(ctx context.Context, config *apkconfig.Config, old *lockfile.Lock, names []string) (*lockfile.Lock, error) {
	named, err := find(old, names)
	if err != nil {
		return nil, err
	}
	m, err := l.market(ctx, config)
	if err != nil {
		return nil, err
	}
	newest, err := m.align()
	if err != nil {
		return nil, err
	}
	chosen := make(solutions)
	for _, arch := range config.Archs {
		if chosen[arch], err = m.update(arch, newest[arch], old, named); err != nil {
			return nil, err
		}
	}
	return l.finish(ctx, m, chosen)
}

// find returns the names of the locked packages that go by the given names.
func find(lock *lockfile.Lock, names []string) (map[string]bool, error) {
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
				continue
			}
			for _, p := range packages {
				found[p] = true
				count++
			}
		}
		if count == 0 {
			return nil, missing
		}
	}
	return found, nil
}

// update chooses packages for one architecture. The newest solution proves that
// it can: at worst it is the answer.
func (m *market) update(arch string, newest *apkresolve.Solution, old *lockfile.Lock, named map[string]bool) (*apkresolve.Solution, error) {
	wanted := make(map[string]string)
	for _, p := range newest.Packages {
		wanted[p.Name] = p.Version
	}
	pinned, locked := make(map[string]string), make(map[string]string)
	var movable []string // those that the newest solution has no more, or at another version
	for _, p := range old.Packages {
		switch {
		case p.Arch != arch || named[p.Name] || !slices.Contains(m.available(arch, p.Name), p.Version):
		case wanted[p.Name] == p.Version:
			pinned[p.Name] = p.Version
		default:
			locked[p.Name] = p.Version
			movable = append(movable, p.Name)
		}
	}
	for name := range named {
		if version, ok := wanted[name]; ok {
			pinned[name] = version
		}
	}
	return m.keep(arch, newest, pinned, locked, movable)
}

// keep adds to the pinned packages as many of the movable ones, at their locked
// versions, as can be: all at once if possible, otherwise the first half and
// then the second. The solution is one that the pinned alone allow.
func (m *market) keep(arch string, solution *apkresolve.Solution, pinned, locked map[string]string, movable []string) (*apkresolve.Solution, error) {
	more := maps.Clone(pinned)
	for _, name := range movable {
		more[name] = locked[name]
	}
	better, err := m.resolveArch(arch, more)
	if err == nil {
		maps.Copy(pinned, more)
		return better, nil
	}
	if !isNoAnswer(err) {
		return nil, err
	}
	if len(movable) < 2 {
		return solution, nil
	}
	half := len(movable) / 2
	solution, err = m.keep(arch, solution, pinned, locked, movable[:half])
	if err != nil {
		return nil, err
	}
	return m.keep(arch, solution, pinned, locked, movable[half:])
}

// isNoAnswer tells a request that cannot be met from other failures.
func isNoAnswer(err error) bool {
	var unsatisfiable *apkresolve.Unsatisfiable
	var unknown *apkresolve.UnknownName
	return errors.As(err, &unsatisfiable) || errors.As(err, &unknown)
}
