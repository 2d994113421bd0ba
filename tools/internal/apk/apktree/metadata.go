package apktree

import (
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// SetMetadata gives what packages have at a path, without following symlinks, another mode and owner, so that the
// database states them. The facts stay as they are.
func (t *Tree) SetMetadata(at imagepath.Path, mode apkfacts.Mode, uid, gid int) {
	change := func(e *apkfacts.Entry) *apkfacts.Entry {
		c := *e
		c.Mode, c.UID, c.GID = mode, uid, gid
		return &c
	}
	n := t.nodes[at]
	if n == nil || n.Entry == nil {
		return
	}
	n.Entry = change(n.Entry)
	if !n.IsDir() {
		if n.file.dir != nil {
			n.file.dir.Files[n.file.at] = n.Entry
		}
		return
	}
	for i := range n.dirs {
		n.dirs[i].entry = change(n.dirs[i].entry)
	}
	for _, d := range n.claims {
		if d.Entry != nil {
			d.Entry = change(d.Entry)
		}
	}
}

// PathOf returns where a file of the directory is.
func (d *Dir) PathOf(e *apkfacts.Entry) imagepath.Path {
	at, err := d.At.Join(e.Path.Base())
	if err != nil {
		panic("apktree: the tree has a file at what is no path: " + err.Error()) // New has made the same path
	}
	return at
}

// names are the names of a package's files.
type names struct {
	first map[imagepath.Path]*apkfacts.Entry   // the entry with the bytes, by each of the package's paths
	paths map[*apkfacts.Entry][]imagepath.Path // where the package still has the file, by the entry with the bytes
}

// Names returns the entry of the package that has the bytes of a file, which may be e itself or, if e is a hard link,
// another one, and all paths at which the package still has that file, e's own among them. first is nil if the package
// does not have the bytes.
func (p *Package) Names(e *apkfacts.Entry) (first *apkfacts.Entry, paths []imagepath.Path) {
	if p.files == nil {
		p.files = newNames(p)
	}
	if first = p.files.first[e.Path]; first == nil {
		return nil, nil
	}
	return first, p.files.paths[first]
}

func newNames(p *Package) *names {
	n := &names{first: map[imagepath.Path]*apkfacts.Entry{}, paths: map[*apkfacts.Entry][]imagepath.Path{}}
	files := p.Facts.Files()
	for i := range p.Facts.Entries {
		n.first[p.Facts.Entries[i].Path] = files[&p.Facts.Entries[i]]
	}
	for _, d := range p.Dirs {
		for _, f := range d.Files {
			if first := n.first[f.Path]; first != nil {
				n.paths[first] = append(n.paths[first], d.PathOf(f))
			}
		}
	}
	return n
}
