package apktree

import (
	"slices"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
)

type verdict int

const (
	conflict verdict = iota
	yes
	no
)

// takesOver says whether a path that both packages have goes to the later one. It is apk's apk_pkg_replaces_file, with
// one thing more: what is the same in both is no conflict.
func (t *Tree) takesOver(later, earlier *Package, laterEntry, earlierEntry *apkfacts.Entry) verdict {
	if origin := later.Facts.Value("origin"); origin != "" && origin == earlier.Facts.Value("origin") {
		return yes
	}
	l, e := t.replaces(later, earlier), t.replaces(earlier, later)
	switch {
	case l.ok && (!e.ok || l.priority >= e.priority):
		return yes
	case e.ok:
		return no
	case same(laterEntry, earlierEntry):
		return yes
	}
	return conflict
}

// replacement is whether one package's replaces name another, and with which priority.
type replacement struct {
	priority int64
	ok       bool
}

// replaces remembers its answers: two packages may share any number of files.
func (t *Tree) replaces(a, b *Package) replacement {
	pair := [2]int{a.index, b.index}
	r, known := t.replacing[pair]
	if !known {
		r.priority, r.ok = replaces(a.Facts, b.Facts)
		t.replacing[pair] = r
	}
	return r
}

// replaces says whether a's replaces name b, and with which priority.
func replaces(a, b *apkfacts.Facts) (priority int64, ok bool) {
	for _, r := range a.List("replaces") {
		c, err := apkconstraint.Parse(r)
		if err == nil && c.Name == b.Name && c.Satisfied(b.Version) {
			// A priority that is no number counts as none, as in apk.
			priority, _ = a.Int("replaces_priority")
			return priority, true
		}
	}
	return 0, false
}

func same(a, b *apkfacts.Entry) bool {
	if a.Type != b.Type || a.Link != b.Link || a.File != b.File || a.Checksum != b.Checksum {
		return false
	}
	if a.Dev == nil || b.Dev == nil {
		return a.Dev == b.Dev
	}
	return slices.Equal(a.Dev[:], b.Dev[:])
}
