package apktree

import (
	"path"
	"slices"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
)

// SetMetadata gives what packages have at a path, without following symlinks, another mode and owner, so that the
// database states them. The facts stay as they are.
func (t *Tree) SetMetadata(at string, mode apkfacts.Mode, uid, gid int) {
	change := func(e *apkfacts.Entry) *apkfacts.Entry {
		c := *e
		c.Mode, c.UID, c.GID = mode, uid, gid
		return &c
	}
	n := t.nodes[at]
	if n == nil || n.Entry == nil {
		return
	}
	if !n.IsDir() {
		old := n.Entry
		n.Entry = change(old)
		for _, d := range t.Packages[n.Owner].Dirs {
			if i := slices.Index(d.Files, old); i >= 0 {
				d.Files[i] = n.Entry
			}
		}
		return
	}
	n.Entry = change(n.Entry)
	for i := range n.dirs {
		n.dirs[i].entry = change(n.dirs[i].entry)
	}
	for _, p := range t.Packages {
		for _, d := range p.Dirs {
			if d.At == at && d.Entry != nil {
				d.Entry = change(d.Entry)
			}
		}
	}
}

// PathOf returns where a file of the directory is.
func (d *Dir) PathOf(e *apkfacts.Entry) string { return path.Join(d.At, path.Base(e.Path)) }

// Names returns the entry of the package that has the bytes of a file, which may be e itself or, if e is a hard link,
// another one, and all paths at which the package still has that file, e's own among them. first is nil if the package
// does not have the bytes.
func (p *Package) Names(e *apkfacts.Entry) (first *apkfacts.Entry, paths []string) {
	of := map[string]*apkfacts.Entry{} // by path
	files := p.Facts.Files()
	for i := range p.Facts.Entries {
		of[p.Facts.Entries[i].Path] = files[&p.Facts.Entries[i]]
	}
	if first = of[e.Path]; first == nil {
		return nil, nil
	}
	for _, d := range p.Dirs {
		for _, f := range d.Files {
			if of[f.Path] == first {
				paths = append(paths, d.PathOf(f))
			}
		}
	}
	return first, paths
}
