// Package apktree works out what is at each path once a set of packages is installed, and which package owns it, by the
// rules of apk-tools 2.14.
package apktree

import (
	"errors"
	"fmt"
	"slices"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// Tree is the files of a set of packages put together.
type Tree struct {
	// Packages are in install order.
	Packages []*Package
	// Hidden are the names at the root that packages' archives have but apk never installs: those that begin with a
	// dot. Sorted.
	Hidden []imagepath.Path
	// Losses are entries whose path went to another package.
	Losses []Loss

	nodes     map[imagepath.Path]*Node
	links     links
	replacing map[[2]int]replacement // of packages, by index

	exclude *Exclusion
	// conflicts are collected, the first of each package, instead of being errors; nil: they are errors.
	conflicts *[]*Conflict
}

// Package is one package's part of the tree.
type Package struct {
	Facts *apkfacts.Facts
	// Dirs are in the order in which apk's database lists them.
	Dirs []*Dir
	// Moved are the shipped directories that are symlinks in another package, in order of appearance: what the package
	// has below them lies elsewhere, so that its archive cannot be a layer as it is.
	Moved []Move
	// Excluded are the paths that were left out.
	Excluded []imagepath.Path
	// Sparse are files in a form that not every runtime unpacks.
	Sparse []imagepath.Path

	index int
	dirs  map[imagepath.Path]*Dir
	gone  map[*apkfacts.Entry]bool // entries in Dirs that another package took over, while the tree is being filled
	files *names
}

// Dir is a directory as one package has it, and what it still owns there.
type Dir struct {
	Path imagepath.Path // as the package ships it
	At   imagepath.Path // where it is, once symlinks of other packages are followed
	// Entry is nil if the package has files in the directory but not the directory.
	Entry *apkfacts.Entry
	// Files are all that is not a directory; an entry that another package took over is gone from it.
	Files []*apkfacts.Entry
}

// Node is what is at one path.
type Node struct {
	Path imagepath.Path
	// Entry is what is there; nil for a directory that exists only because something is in it.
	Entry *apkfacts.Entry
	// Owner is the package of Entry, an index into Tree.Packages. Of a directory, the last that has it.
	Owner int

	dirs   []dirInstance
	claims []*Dir // those of the packages that are here
	file   place  // of a file
}

// place is where a package lists a file: the index in the files of a directory.
type place struct {
	dir *Dir
	at  int
}

// Move tells that a directory lies elsewhere because another package has a symlink in its place.
type Move struct {
	From, To imagepath.Path
	By       int // the package that has the symlink, an index into Tree.Packages
}

type dirInstance struct {
	pkg   int
	entry *apkfacts.Entry
}

// Loss is an entry that another package replaces. A layer above the other package's must not have it.
type Loss struct {
	Package int // index into Tree.Packages
	Path    imagepath.Path
	By      int // the package whose file is there
}

// New puts packages together. They are in install order. What exclude says is left out, as if the packages did not have
// it; nil leaves out nothing. Two packages that clash are an error that names both and the path.
func New(packages []*apkfacts.Facts, exclude *Exclusion) (*Tree, error) {
	t := newTree(packages)
	t.exclude = exclude
	if err := t.fill(packages); err != nil {
		return nil, err
	}
	return t, nil
}

func newTree(packages []*apkfacts.Facts) *Tree {
	return &Tree{nodes: map[imagepath.Path]*Node{}, links: clashingLinks(packages), replacing: map[[2]int]replacement{}}
}

func (t *Tree) fill(packages []*apkfacts.Facts) error {
	for i, facts := range packages {
		p := &Package{Facts: facts, index: i, dirs: map[imagepath.Path]*Dir{}}
		t.Packages = append(t.Packages, p)
		for n := range facts.Entries {
			if err := t.add(p, &facts.Entries[n]); err != nil {
				var c *Conflict
				if t.conflicts == nil || !errors.As(err, &c) {
					return err
				}
				if found := *t.conflicts; len(found) == 0 || found[len(found)-1].Package != facts.Name {
					c.Package = facts.Name
					*t.conflicts = append(found, c)
				}
			}
		}
	}
	for _, p := range t.Packages {
		t.settle(p)
	}
	slices.SortFunc(t.Hidden, imagepath.Path.Compare)
	t.Hidden = slices.Compact(t.Hidden)
	return nil
}

// Conflict is the error of packages that cannot be in one image.
type Conflict struct {
	// Package is the name of the one that came later.
	Package string
	Path    imagepath.Path
	reason  string
}

func (c *Conflict) Error() string { return c.reason }

func conflictAt(path imagepath.Path, format string, args ...any) error {
	return &Conflict{Path: path, reason: fmt.Sprintf(format, args...)}
}

// Node returns what is at a path as written, without following symlinks; nil if nothing is.
func (t *Tree) Node(p imagepath.Path) *Node { return t.nodes[p] }

// IsDir says whether the node is a directory.
func (n *Node) IsDir() bool { return n.Entry == nil || n.Entry.Type == apkfacts.Dir }

func (t *Tree) add(p *Package, e *apkfacts.Entry) error {
	if e.Path.IsRoot() {
		return nil
	}
	if e.Path.String()[0] == '.' {
		top := e.Path
		for up := top.Parent(); !up.IsRoot(); up = top.Parent() {
			top = up
		}
		t.Hidden = append(t.Hidden, top)
		return nil
	}
	if t.exclude.Matches(e.Path) {
		p.Excluded = append(p.Excluded, e.Path)
		return nil
	}
	if e.Type == apkfacts.Dir {
		return t.addDir(p, e.Path, e)
	}
	if e.Sparse {
		p.Sparse = append(p.Sparse, e.Path)
	}
	dir := e.Path.Parent()
	if p.dirs[dir] == nil {
		if err := t.addDir(p, dir, nil); err != nil {
			return err
		}
	}
	return t.addFile(p, p.dirs[dir], e)
}

// addDir notes that the package has the directory shipped; e is nil if it only has something in it.
func (t *Tree) addDir(p *Package, shipped imagepath.Path, e *apkfacts.Entry) error {
	d := p.dirs[shipped]
	if d == nil {
		at, by, err := t.links.follow(shipped)
		if err != nil {
			return fmt.Errorf("package %s: %w", p.Facts, err)
		}
		if at != shipped {
			p.Moved = append(p.Moved, Move{From: shipped, To: at, By: by})
		}
		d = &Dir{Path: shipped, At: at}
		p.dirs[shipped] = d
		p.Dirs = append(p.Dirs, d)
	}
	if e != nil {
		d.Entry = e
	}
	if _, isLink := t.links[shipped]; isLink {
		// The metadata is that of the link's target, which its own package has.
		e = nil
	}
	n := t.nodes[d.At]
	switch {
	case n == nil:
		n = &Node{Path: d.At, Entry: e, Owner: p.index}
		t.nodes[d.At] = n
	case n.IsDir():
		if e != nil {
			n.Entry, n.Owner = e, p.index
		}
	default:
		return conflictAt(d.At, "package %s: %s is a directory, but in package %s a file; leave one of the packages out", p.Facts, d.At, t.Packages[n.Owner].Facts)
	}
	if e != nil {
		n.dirs = slices.DeleteFunc(n.dirs, func(i dirInstance) bool { return i.pkg == p.index })
		n.dirs = append(n.dirs, dirInstance{p.index, e})
	}
	for up := d.At.Parent(); !up.IsRoot(); up = up.Parent() {
		n := t.nodes[up]
		if n != nil && n.IsDir() {
			break
		}
		if n != nil {
			return conflictAt(up, "package %s: %s lies in %s, which in package %s is a file; leave one of the packages out", p.Facts, d.At, up, t.Packages[n.Owner].Facts)
		}
		t.nodes[up] = &Node{Path: up, Owner: p.index}
	}
	return nil
}

func (t *Tree) addFile(p *Package, d *Dir, e *apkfacts.Entry) error {
	at, err := d.At.Join(e.Path.Base())
	if err != nil {
		return fmt.Errorf("package %s: %s: %w", p.Facts, e.Path, err)
	}
	n := t.nodes[at]
	if n == nil {
		t.nodes[at] = &Node{Path: at, Entry: e, Owner: p.index}
		d.Files = append(d.Files, e)
		return nil
	}
	old := t.Packages[n.Owner]
	if n.IsDir() {
		return conflictAt(at, "package %s: %s is a file, but in package %s a directory; leave one of the packages out", p.Facts, at, old.Facts)
	}
	if old != p {
		switch t.takesOver(p, old, e, n.Entry) {
		case conflict:
			return conflictAt(at, "packages %s and %s both have %s, with different content, and neither replaces the other; leave one of the packages out, or exclude the path",
				old.Facts, p.Facts, at)
		case no:
			t.Losses = append(t.Losses, Loss{Package: p.index, Path: e.Path, By: n.Owner})
			return nil
		}
		t.Losses = append(t.Losses, Loss{Package: old.index, Path: n.Entry.Path, By: p.index})
	}
	old.disown(n.Entry)
	n.Entry, n.Owner = e, p.index
	d.Files = append(d.Files, e)
	return nil
}

// disown notes that an entry is another package's. settle takes it out of its directory: one by one, of a large
// directory, would take too long.
func (p *Package) disown(e *apkfacts.Entry) {
	if p.gone == nil {
		p.gone = map[*apkfacts.Entry]bool{}
	}
	p.gone[e] = true
}

// settle finishes what a package still owns, and notes where it lists it.
func (t *Tree) settle(p *Package) {
	for _, d := range p.Dirs {
		if len(p.gone) > 0 {
			d.Files = slices.DeleteFunc(d.Files, func(e *apkfacts.Entry) bool { return p.gone[e] })
		}
		if n := t.nodes[d.At]; n != nil {
			n.claims = append(n.claims, d)
		}
		for i, e := range d.Files {
			if n := t.nodes[d.PathOf(e)]; n != nil && n.Entry == e {
				n.file = place{d, i}
			}
		}
	}
	p.gone = nil
}

// Kept returns what the package still owns, but for directories, and where each is.
func (p *Package) Kept() map[*apkfacts.Entry]imagepath.Path {
	kept := map[*apkfacts.Entry]imagepath.Path{}
	for _, d := range p.Dirs {
		for _, e := range d.Files {
			kept[e] = d.PathOf(e)
		}
	}
	return kept
}

// DirAt returns where a directory that the package ships is; it is not ok for one that is excluded or not a directory.
func (p *Package) DirAt(shipped imagepath.Path) (at imagepath.Path, ok bool) {
	d := p.dirs[shipped]
	if d == nil {
		return imagepath.Path{}, false
	}
	return d.At, true
}
