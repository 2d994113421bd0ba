package apksystem

import (
	"archive/tar"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktree"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
)

// overlay collects what goes into the system layer, above a tree of packages.
type overlay struct {
	tree    *apktree.Tree
	entries map[imagepath.Path]*apkfacts.Entry
	// removed are what layers below have and the image does not.
	removed []imagepath.Path
	// sources are where the content of an entry is, of those that do not have it themselves.
	sources map[imagepath.Path]source
	// why tells who put an entry there, for errors.
	why map[imagepath.Path]string
	// below is the first of the entries that are in a directory, by the directory.
	below map[imagepath.Path]imagepath.Path
}

func newOverlay(t *apktree.Tree) *overlay {
	return &overlay{
		tree:    t,
		entries: map[imagepath.Path]*apkfacts.Entry{},
		sources: map[imagepath.Path]source{},
		why:     map[imagepath.Path]string{},
		below:   map[imagepath.Path]imagepath.Path{},
	}
}

// set puts an entry at its path, after following the symlinks on the way: a layer that had a directory in the place of
// a symlink would hide it. A second entry at one path replaces the first.
func (o *overlay) set(e apkfacts.Entry, why string) error {
	at, err := o.tree.Resolve(e.Path)
	if err != nil {
		return fmt.Errorf("%s: %w", why, err)
	}
	if at.IsRoot() {
		return fmt.Errorf("%s: %s is the root, want a path below it", why, e.Path)
	}
	e.Path = at
	if o.entries[at] == nil {
		for dir := at.Parent(); !dir.IsRoot(); dir = dir.Parent() {
			if first, ok := o.below[dir]; !ok || at.Compare(first) < 0 {
				o.below[dir] = at
			}
		}
	}
	o.entries[at] = &e
	o.why[at] = why
	delete(o.sources, at)
	return nil
}

// checkParents refuses a path below something that this layer has and that is no directory.
func (o *overlay) checkParents(p imagepath.Path) error {
	for dir := p.Parent(); !dir.IsRoot(); dir = dir.Parent() {
		if e := o.entries[dir]; e != nil && e.Type != apkfacts.Dir {
			return fmt.Errorf("%s, which it lies in, is a %s (%s)", dir, typeName(e.Type), o.why[dir])
		}
	}
	return nil
}

// checkBelow refuses what is no directory where this layer has something below it.
func (o *overlay) checkBelow(p imagepath.Path) error {
	if first, ok := o.below[p]; ok {
		return fmt.Errorf("%s (%s) lies in it, so it must be a directory", first, o.why[first])
	}
	return nil
}

// file sets a regular file of root's with mode 0644.
func (o *overlay) file(p imagepath.Path, content []byte, why string) error {
	return o.set(apkfacts.Entry{Path: p, Mode: 0o644, Size: int64(len(content)), Content: content}, why)
}

// addParents adds the directories that are in no package and that something is put into.
func (o *overlay) addParents() {
	for dir := range o.below {
		if o.entries[dir] == nil && o.tree.Node(dir) == nil {
			o.entries[dir] = &apkfacts.Entry{Path: dir, Type: apkfacts.Dir, Mode: 0o755}
		}
	}
}

// named is an entry under the name that the layer has it by.
type named struct {
	name  string
	entry *apkfacts.Entry
}

// sorted returns the entries in the layer's order: a directory comes before what is in it, and a hard link after
// everything that it may be a link to.
func (o *overlay) sorted() []named {
	var all []named
	for p, e := range o.entries {
		all = append(all, named{p.String(), e})
	}
	for _, p := range o.removed {
		all = append(all, named{p.Removal(), &apkfacts.Entry{Mode: 0o644}})
	}
	last := func(n named) int {
		if n.entry.Type == apkfacts.Hardlink {
			return 1
		}
		return 0
	}
	slices.SortFunc(all, func(a, b named) int {
		// A slash sorts before any other character: etc/a comes before etc-b.
		return cmp.Or(last(a)-last(b), strings.Compare(strings.ReplaceAll(a.name, "/", "\x00"), strings.ReplaceAll(b.name, "/", "\x00")))
	})
	return all
}

// write writes the entries.
func (o *overlay) write(w *ocilayer.Writer, modTime time.Time) error {
	o.addParents()
	for _, n := range o.sorted() {
		h := header(n.name, n.entry, modTime)
		if s, ok := o.sources[n.entry.Path]; ok {
			h.Size = n.entry.Size
			if err := s.read(func(content io.Reader) error { return w.Add(h, content) }); err != nil {
				return fmt.Errorf("%s: %w", o.why[n.entry.Path], err)
			}
			continue
		}
		if err := w.Add(h, bytes.NewReader(n.entry.Content)); err != nil {
			return err
		}
	}
	return nil
}

func header(name string, e *apkfacts.Entry, modTime time.Time) *tar.Header {
	h := &tar.Header{
		Name:     name,
		Typeflag: tar.TypeReg,
		Mode:     int64(e.Mode),
		Uid:      e.UID,
		Gid:      e.GID,
		Size:     int64(len(e.Content)),
		ModTime:  modTime,
		Linkname: e.Link,
	}
	switch e.Type {
	case apkfacts.Dir:
		h.Typeflag, h.Name = tar.TypeDir, name+"/"
	case apkfacts.Symlink:
		h.Typeflag = tar.TypeSymlink
	case apkfacts.Hardlink:
		h.Typeflag, h.Linkname = tar.TypeLink, e.File.String()
	case apkfacts.CharDev:
		h.Typeflag = tar.TypeChar
	case apkfacts.BlockDev:
		h.Typeflag = tar.TypeBlock
	case apkfacts.NamedPipe:
		h.Typeflag = tar.TypeFifo
	}
	if e.Dev != nil {
		h.Devmajor, h.Devminor = e.Dev[0], e.Dev[1]
	}
	for name, value := range e.Xattrs {
		if h.PAXRecords == nil {
			h.PAXRecords = map[string]string{}
		}
		h.PAXRecords["SCHILY.xattr."+name] = string(value)
	}
	return h
}
