// Package lockdiff compares two locks, for people who review the change.
package lockdiff

import (
	"cmp"
	"slices"

	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

// The kinds of change.
const (
	Added   = "added"
	Removed = "removed"
	Changed = "changed"
)

// An Event is what happened to a package, whatever the architecture.
type Event struct {
	Name string `json:"name"`
	Kind string `json:"change"` // Added, Removed or Changed
	// Old and New are versions; Old is absent for an added package, New for a removed one. They are equal where the
	// same version was built again.
	Old string `json:"old_version,omitempty"`
	New string `json:"new_version,omitempty"`
	// OldLicense and NewLicense are equal where the licence stays.
	OldLicense string `json:"old_license,omitempty"`
	NewLicense string `json:"new_license,omitempty"`
	// Fields names what else differs at the same version: fields of the lock, separated by ", ".
	Fields string `json:"fields,omitempty"`
}

// A Change is an event on the architectures that it happened on.
type Change struct {
	Event
	Archs []string `json:"archs"`
	// Size and InstalledSize say by how many bytes the package files, and what they install, grow on all these
	// architectures together.
	Size          int64 `json:"size"`
	InstalledSize int64 `json:"installed_size"`
}

// A Diff is what changed between two locks.
type Diff struct {
	// Changes are sorted by name; of the same name, by the first architecture.
	Changes []Change `json:"changes"`
	// Settings are what differs beside the packages: what was asked for, mirrors, and the keys that signed the indexes.
	Settings []Setting `json:"settings,omitempty"`
	// Size and InstalledSize are the sums of those of the changes.
	Size          int64 `json:"size"`
	InstalledSize int64 `json:"installed_size"`
}

// Compare returns what leads from one lock to another.
func Compare(from, to *lockfile.Lock) *Diff {
	before, after := byID(from), byID(to)
	changes := make(map[Event]*Change)
	for id, old := range before {
		now, ok := after[id]
		if !ok {
			add(changes, id.arch, Event{Name: id.name, Kind: Removed, Old: old.Version, OldLicense: old.License}, old, nil)
		} else if what := fields(old, now); what != "" || now.SHA256 != old.SHA256 || now.Version != old.Version {
			add(changes, id.arch, Event{id.name, Changed, old.Version, now.Version, old.License, now.License, what}, old, now)
		}
	}
	for id, now := range after {
		if before[id] == nil {
			add(changes, id.arch, Event{Name: id.name, Kind: Added, New: now.Version, NewLicense: now.License}, nil, now)
		}
	}
	d := sum(changes)
	d.Settings = settings(from, to)
	return d
}

type id struct{ name, arch string }

func byID(l *lockfile.Lock) map[id]*lockfile.Package {
	packages := make(map[id]*lockfile.Package)
	for i := range l.Packages {
		p := &l.Packages[i]
		packages[id{p.Name, p.Arch}] = p
	}
	return packages
}

func add(changes map[Event]*Change, arch string, event Event, old, now *lockfile.Package) {
	c, ok := changes[event]
	if !ok {
		c = &Change{Event: event}
		changes[event] = c
	}
	c.Archs = append(c.Archs, arch)
	if old != nil {
		c.Size -= old.Size
		c.InstalledSize -= old.InstalledSize
	}
	if now != nil {
		c.Size += now.Size
		c.InstalledSize += now.InstalledSize
	}
}

func sum(changes map[Event]*Change) *Diff {
	d := &Diff{Changes: []Change{}}
	for _, c := range changes {
		slices.Sort(c.Archs)
		d.Changes = append(d.Changes, *c)
		d.Size += c.Size
		d.InstalledSize += c.InstalledSize
	}
	// An architecture has one event for a name, so this is a total order.
	slices.SortFunc(d.Changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Archs[0], b.Archs[0]))
	})
	return d
}
