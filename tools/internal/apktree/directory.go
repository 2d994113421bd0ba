package apktree

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apkfacts"
)

// DirectoryFixes returns the directories that the layers alone would give other metadata than apk does, with apk's, sorted
// by path. layerOrder lists the packages' indexes from the lowest layer to the highest.
//
// Where packages disagree, apk takes the owner with the lowest uid, then gid, and of the modes those bits that all
// packages with that owner have. Of layers, the highest one decides.
func (t *Tree) DirectoryFixes(layerOrder []int) []apkfacts.Entry {
	height := make([]int, len(t.Packages))
	for h, p := range layerOrder {
		height[p] = h
	}
	var fixes []apkfacts.Entry
	for _, n := range t.nodes {
		if len(n.dirs) < 2 || !n.IsDir() {
			continue
		}
		top, want := n.dirs[0], *n.dirs[0].entry
		for _, d := range n.dirs[1:] {
			if height[d.pkg] > height[top.pkg] {
				top = d
			}
			switch e := d.entry; {
			case e.UID < want.UID || e.UID == want.UID && e.GID < want.GID:
				want.UID, want.GID, want.Mode = e.UID, e.GID, e.Mode
			case e.UID == want.UID && e.GID == want.GID:
				want.Mode &= e.Mode
			}
		}
		want.Xattrs = top.entry.Xattrs
		if got := top.entry; got.UID != want.UID || got.GID != want.GID || got.Mode != want.Mode || !maps.EqualFunc(got.Xattrs, want.Xattrs, bytes.Equal) {
			fixes = append(fixes, want)
		}
	}
	slices.SortFunc(fixes, func(a, b apkfacts.Entry) int { return strings.Compare(a.Path, b.Path) })
	return fixes
}
