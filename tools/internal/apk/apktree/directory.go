package apktree

import (
	"bytes"
	"maps"
	"slices"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// Directory returns a directory as apk would make it. It is not ok for what is no directory, or is in no package.
//
// Where packages disagree, apk takes the owner with the lowest uid, then gid, and of the modes those bits that all
// packages with that owner have.
func (t *Tree) Directory(p imagepath.Path) (dir apkfacts.Entry, ok bool) {
	n := t.nodes[p]
	if n == nil || !n.IsDir() || len(n.dirs) == 0 {
		return apkfacts.Entry{}, false
	}
	return n.directory(), true
}

func (n *Node) directory() apkfacts.Entry {
	want := *n.dirs[0].entry
	for _, d := range n.dirs[1:] {
		switch e := d.entry; {
		case e.UID < want.UID || e.UID == want.UID && e.GID < want.GID:
			want.UID, want.GID, want.Mode = e.UID, e.GID, e.Mode
		case e.UID == want.UID && e.GID == want.GID:
			want.Mode &= e.Mode
		}
	}
	want.Path, want.Xattrs = n.Path, n.dirs[len(n.dirs)-1].entry.Xattrs
	return want
}

// DirectoryFixes returns the directories that the layers alone would give other metadata than apk does, with apk's,
// sorted by path. height is how high the layer of each package is; of layers that have a directory, the highest
// decides. Packages that are merged with others, by their index, have apk's metadata in their layers already.
func (t *Tree) DirectoryFixes(height []int, merged map[int]bool) []apkfacts.Entry {
	var fixes []apkfacts.Entry
	for _, n := range t.nodes {
		if len(n.dirs) < 2 || !n.IsDir() {
			continue
		}
		top := n.dirs[0]
		for _, d := range n.dirs[1:] {
			if height[d.pkg] >= height[top.pkg] {
				top = d
			}
		}
		if merged[top.pkg] {
			continue
		}
		want := n.directory()
		if got := top.entry; got.UID != want.UID || got.GID != want.GID || got.Mode != want.Mode || !maps.EqualFunc(got.Xattrs, want.Xattrs, bytes.Equal) {
			fixes = append(fixes, want)
		}
	}
	slices.SortFunc(fixes, func(a, b apkfacts.Entry) int { return a.Path.Compare(b.Path) })
	return fixes
}
