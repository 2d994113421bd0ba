package locker

import (
	"errors"
	"maps"
	"slices"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkresolve"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

// A pin holds a name at one version, and at one build of it where the repositories still have that. The zero pin allows
// nothing: no package has an empty version.
type pin struct{ version, checksum string }

func (p pin) allows(other *apkindex.Package) bool {
	return other.Version == p.version && (p.checksum == "" || other.Checksum == p.checksum)
}

// pins are by name.
type pins map[string]pin

// allows leaves what is not pinned as it is.
func (p pins) allows(other *apkindex.Package) bool {
	held, ok := p[other.Name]
	return !ok || held.allows(other)
}

// keep chooses as many packages of an earlier lock as it can, at the versions that they have there; of those that are
// named, it takes the newest instead. The newest solutions prove that there is an answer: at worst they are it.
func (m *market) keep(newest solutions, old *lockfile.Lock, named map[string]bool) (solutions, error) {
	held := make(map[string]pins)
	for _, arch := range m.config.Archs {
		var err error
		if held[arch], err = m.hold(arch, newest[arch], old, named); err != nil {
			return nil, err
		}
	}
	chosen, err := m.align(held)
	if err != nil {
		return nil, err
	}
	if chosen, err = m.together(chosen, held, old); err != nil {
		return nil, err
	}
	if m.config.RequireSameVersion && len(m.differences(chosen)) > 0 {
		return newest, nil
	}
	for _, arch := range m.config.Archs {
		if chosen[arch], err = m.unreplaced(arch, chosen[arch], old, named); err != nil {
			return nil, err
		}
	}
	return chosen, nil
}

// hold finds what can be pinned for an architecture: no more can be, in the end, of what is in the solution that the
// pins lead to.
func (m *market) hold(arch string, newest *apkresolve.Solution, old *lockfile.Lock, named map[string]bool) (pins, error) {
	locked, held := make(pins), make(pins)
	for i := range old.Packages {
		p := &old.Packages[i]
		if p.Arch != arch || named[p.Name] {
			continue
		}
		if there, ok := m.pinOf(p); ok {
			locked[p.Name] = there
		}
	}
	for _, p := range newest.Packages {
		if named[p.Name] {
			held[p.Name] = pin{p.Version, p.Checksum}
		}
	}
	// What the newest solution has needs no trial.
	for _, p := range newest.Packages {
		if there, ok := locked[p.Name]; ok && there.allows(p.Package) {
			held[p.Name] = there
		}
	}
	solution := newest
	try := func(tried pins) (bool, error) {
		s, err := apkresolve.Resolve(m.request(arch, tried.allows))
		ok, err := answered(err)
		if ok {
			solution = s
		}
		return ok, err
	}
	// At first also what the newest solution has no more: it may be what others need to stay.
	movable := slices.Sorted(maps.Keys(locked))
	kept := -1
	for {
		movable = slices.DeleteFunc(movable, func(name string) bool { _, ok := held[name]; return ok })
		if _, err := keepMost(held, locked, movable, try); err != nil {
			return nil, err
		}
		before := kept
		// What is not in the solution must not keep anything else from staying.
		kept = 0
		there := make(pins)
		movable = movable[:0]
		for _, p := range solution.Packages {
			if only, ok := held[p.Name]; ok {
				there[p.Name] = only
				kept++
			} else if _, ok := locked[p.Name]; ok {
				movable = append(movable, p.Name)
			}
		}
		if kept <= before || len(movable) == 0 {
			return held, nil
		}
		held = there
	}
}

// pinOf holds a locked package where it is, if the repositories still have its version.
func (m *market) pinOf(locked *lockfile.Package) (held pin, ok bool) {
	for _, index := range m.indexes[locked.Arch] {
		for _, p := range index.Packages {
			if p.Name != locked.Name || p.Version != locked.Version {
				continue
			}
			if p.Checksum == locked.Checksum {
				return pin{p.Version, p.Checksum}, true
			}
			held, ok = pin{version: p.Version}, true
		}
	}
	return held, ok
}

// keepMost adds to the pins that hold as many of the others as can be: all at once if possible, otherwise of the first
// half and then of the second. It reports whether it added all.
func keepMost(held, others pins, names []string, possible func(pins) (bool, error)) (all bool, err error) {
	more := maps.Clone(held)
	for _, name := range names {
		more[name] = others[name]
	}
	ok, err := possible(more)
	if err != nil {
		return false, err
	}
	if ok {
		maps.Copy(held, more)
		return true, nil
	}
	if len(names) < 2 {
		return false, nil
	}
	half := len(names) / 2
	if _, err := keepMost(held, others, names[:half], possible); err != nil {
		return false, err
	}
	_, err = keepMost(held, others, names[half:], possible)
	return false, err
}

// answered tells a request that cannot be met from other failures.
func answered(err error) (bool, error) {
	var unsatisfiable *apkresolve.Unsatisfiable
	var unknown *apkresolve.UnknownName
	if errors.As(err, &unsatisfiable) || errors.As(err, &unknown) {
		return false, nil
	}
	return err == nil, err
}

// together lets what had one version on all architectures, and has to move on one of them, move on all, if that brings
// it together again. Where versions must not differ, that goes for what differed before, too.
func (m *market) together(chosen solutions, held map[string]pins, old *lockfile.Lock) (solutions, error) {
	apart := versionsOf(old)
	for {
		loose := make(map[string]pins)
		for arch := range held {
			loose[arch] = maps.Clone(held[arch])
		}
		before := m.differences(chosen)
		freed := 0
		for _, d := range before {
			if len(apart[d.Name]) > 1 && !m.config.RequireSameVersion {
				continue
			}
			for _, arch := range m.config.Archs {
				if _, ok := loose[arch][d.Name]; ok {
					delete(loose[arch], d.Name)
					freed++
				}
			}
		}
		if freed == 0 {
			return chosen, nil
		}
		next, err := m.align(loose)
		if err != nil {
			return nil, err
		}
		if len(m.differences(next)) >= len(before) {
			return chosen, nil
		}
		chosen, held = next, loose
	}
}

// versionsOf has the versions of each name of a lock.
func versionsOf(lock *lockfile.Lock) map[string][]string {
	versions := make(map[string][]string)
	for _, p := range lock.Packages {
		if !slices.Contains(versions[p.Name], p.Version) {
			versions[p.Name] = append(versions[p.Name], p.Version)
		}
	}
	return versions
}

// unreplaced puts packages of the earlier lock back that others only replace: several packages may provide what is
// asked for, and the one that is locked is not to give way because there is a better one now. All others stay as the
// solution has them.
func (m *market) unreplaced(arch string, solution *apkresolve.Solution, old *lockfile.Lock, named map[string]bool) (*apkresolve.Solution, error) {
	locked, fixed := make(map[string]bool), make(pins)
	for i := range old.Packages {
		if p := &old.Packages[i]; p.Arch == arch {
			locked[p.Name] = true
			if there, ok := m.pinOf(p); ok && !named[p.Name] {
				fixed[p.Name] = there
			}
		}
	}
	var added []string
	hidden := make(pins)
	stays := make(map[string]bool)
	for _, p := range solution.Packages {
		fixed[p.Name] = pin{p.Version, p.Checksum}
		stays[p.Name] = locked[p.Name] || named[p.Name]
		// What others bring along when they are there replaces nothing.
		if !stays[p.Name] && len(p.InstallIf) == 0 {
			added = append(added, p.Name)
			hidden[p.Name] = pin{}
		}
	}
	if len(fixed) == len(solution.Packages) || len(added) == 0 {
		return solution, nil // nothing was lost, or nothing new is there
	}
	_, err := keepMost(fixed, hidden, added, func(tried pins) (bool, error) {
		s, err := apkresolve.Resolve(m.request(arch, func(p *apkindex.Package) bool {
			only, ok := tried[p.Name]
			return ok && only.allows(p)
		}))
		ok, err := answered(err)
		if !ok || !putsBack(s, solution, stays) {
			return false, err
		}
		solution = s
		return true, nil
	})
	return solution, err
}

// putsBack reports whether a solution has something that another one lacks, or the same, and all that stays.
func putsBack(s, other *apkresolve.Solution, stays map[string]bool) bool {
	there := make(map[string]bool)
	for _, p := range s.Packages {
		there[p.Name] = true
	}
	same, missing := 0, 0
	for _, p := range other.Packages {
		switch {
		case there[p.Name]:
			same++
		case stays[p.Name]:
			return false
		default:
			missing++
		}
	}
	return len(there) > same || missing == 0
}
