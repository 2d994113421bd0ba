// Package apktree works out what is at each path once a set of packages is installed, and which package owns it, by the
// rules of apk-tools 2.14.
package apktree

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
)

// Tree is the files of a set of packages put together.
type Tree struct {
	// Packages are in install order.
	Packages []*Package
	// Hidden are the names at the root that packages' archives have but apk never installs: those that begin with a dot.
	// Sorted.
	Hidden []string
	// Losses are entries whose path went to another package.
	Losses []Loss

	nodes map[string]*Node
	links links

	exclude *Exclusion
	lenient bool // conflicts are passed over
}

// Package is one package's part of the tree.
type Package struct {
	Facts *apkfacts.Facts
	// Dirs are in the order in which apk's database lists them.
	Dirs []*Dir
	// Moved are the shipped directories that are symlinks in another package, in order of appearance: what the package has
	// below them lies elsewhere, so that its archive cannot be a layer as it is.
	Moved []Move
	// Excluded are the paths that were left out.
	Excluded []string
	// Sparse are files in a form that not every runtime unpacks.
	Sparse []string

	index int
	dirs  map[string]*Dir
}

// Dir is a directory as one package has it, and what it still owns there.
type Dir struct {
	Path string // as the package ships it
	At   string // where it is, once symlinks of other packages are followed
	// Entry is nil if the package has files in the directory but not the directory.
	Entry *apkfacts.Entry
	// Files are all that is not a directory; an entry that another package took over is gone from it.
	Files []*apkfacts.Entry
}

// Node is what is at one path.
type Node struct {
	Path string
	// Entry is what is there; nil for a directory that exists only because something is in it.
	Entry *apkfacts.Entry
	// Owner is the package of Entry, an index into Tree.Packages. Of a directory, the last that has it.
	Owner int

	dirs []dirInstance
}

// Move tells that a directory lies elsewhere because another package has a symlink in its place.
type Move struct {
	From, To string
	By       int // the package that has the symlink, an index into Tree.Packages
}

type dirInstance struct {
	pkg   int
	entry *apkfacts.Entry
}

// Loss is an entry that another package replaces. A layer above the other package's must not have it.
type Loss struct {
	Package int // index into Tree.Packages
	Path    string
	By      int // the package whose file is there
}

// New puts packages together. They are in install order. What exclude says is left out, as if the packages did not have
// it; nil leaves out nothing. Two packages that clash are an error that names both and the path.
func New(packages []*apkfacts.Facts, exclude *Exclusion) (*Tree, error) {
	t := &Tree{nodes: map[string]*Node{}, links: clashingLinks(packages), exclude: exclude}
	if err := t.fill(packages); err != nil {
		return nil, err
	}
	return t, nil
}

func (t *Tree) fill(packages []*apkfacts.Facts) error {
	for i, facts := range packages {
		p := &Package{Facts: facts, index: i, dirs: map[string]*Dir{}}
		t.Packages = append(t.Packages, p)
		for n := range facts.Entries {
			if err := t.add(p, &facts.Entries[n]); err != nil {
				var c *Conflict
				if t.lenient && errors.As(err, &c) {
					continue
				}
				return err
			}
		}
	}
	slices.Sort(t.Hidden)
	t.Hidden = slices.Compact(t.Hidden)
	return nil
}

// Conflict is the error of packages that cannot be in one image.
type Conflict struct {
	Path   string
	reason string
}

func (c *Conflict) Error() string { return c.reason }

func conflictAt(path, format string, args ...any) error {
	return &Conflict{Path: path, reason: fmt.Sprintf(format, args...)}
}

// Node returns what is at a path as written, without following symlinks; nil if nothing is.
func (t *Tree) Node(p string) *Node { return t.nodes[p] }

// IsDir says whether the node is a directory.
func (n *Node) IsDir() bool { return n.Entry == nil || n.Entry.Type == apkfacts.Dir }

func (t *Tree) add(p *Package, e *apkfacts.Entry) error {
	if strings.HasPrefix(e.Path, ".") {
		if e.Path != "." {
			top, _, _ := strings.Cut(e.Path, "/")
			t.Hidden = append(t.Hidden, top)
		}
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
	dir := parent(e.Path)
	if p.dirs[dir] == nil {
		if err := t.addDir(p, dir, nil); err != nil {
			return err
		}
	}
	return t.addFile(p, p.dirs[dir], e)
}

func parent(p string) string {
	if dir := path.Dir(p); dir != "." {
		return dir
	}
	return ""
}

// addDir notes that the package has the directory shipped; e is nil if it only has something in it.
func (t *Tree) addDir(p *Package, shipped string, e *apkfacts.Entry) error {
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
	for up := parent(d.At); up != ""; up = parent(up) {
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
	at := path.Join(d.At, path.Base(e.Path))
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
		switch takesOver(p.Facts, old.Facts, e, n.Entry) {
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

func (p *Package) disown(e *apkfacts.Entry) {
	if d := p.dirs[parent(e.Path)]; d != nil {
		d.Files = slices.DeleteFunc(d.Files, func(f *apkfacts.Entry) bool { return f == e })
	}
}

// Kept returns what the package still owns, but for directories, and where each is.
func (p *Package) Kept() map[*apkfacts.Entry]string {
	kept := map[*apkfacts.Entry]string{}
	for _, d := range p.Dirs {
		for _, e := range d.Files {
			kept[e] = d.PathOf(e)
		}
	}
	return kept
}

// DirAt returns where a directory that the package ships is; it is not ok for one that is excluded or not a directory.
func (p *Package) DirAt(shipped string) (at string, ok bool) {
	d := p.dirs[shipped]
	if d == nil {
		return "", false
	}
	return d.At, true
}
