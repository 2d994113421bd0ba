package apksystem

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktree"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
)

// overlay collects what goes into the system layer, above a tree of packages.
type overlay struct {
	tree    *apktree.Tree
	entries map[string]*apkfacts.Entry
	// sources are where the content of an entry is, of those that do not have it themselves.
	sources map[string]source
	// why tells who put an entry there, for errors.
	why map[string]string
}

func newOverlay(t *apktree.Tree) *overlay {
	return &overlay{tree: t, entries: map[string]*apkfacts.Entry{}, sources: map[string]source{}, why: map[string]string{}}
}

// set puts an entry at its path, after following the symlinks on the way: a layer that had a directory in the place of
// a symlink would hide it. A second entry at one path replaces the first.
func (o *overlay) set(e apkfacts.Entry, why string) error {
	at, err := o.tree.Resolve(e.Path)
	if err != nil {
		return fmt.Errorf("%s: %w", why, err)
	}
	e.Path = at
	o.entries[at] = &e
	o.why[at] = why
	delete(o.sources, at)
	return nil
}

// checkParents refuses a path below something that this layer has and that is no directory.
func (o *overlay) checkParents(p string) error {
	for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
		if e := o.entries[dir]; e != nil && e.Type != apkfacts.Dir {
			return fmt.Errorf("%s, which it lies in, is a %s (%s)", dir, typeName(e.Type), o.why[dir])
		}
	}
	return nil
}

// checkBelow refuses what is no directory where this layer has something below it.
func (o *overlay) checkBelow(p string) error {
	var below []string
	for other := range o.entries {
		if strings.HasPrefix(other, p+"/") {
			below = append(below, other)
		}
	}
	if len(below) == 0 {
		return nil
	}
	first := slices.Min(below)
	return fmt.Errorf("%s (%s) lies in it, so it must be a directory", first, o.why[first])
}

// file sets a regular file of root's with mode 0644.
func (o *overlay) file(p string, content []byte, why string) error {
	return o.set(apkfacts.Entry{Path: p, Mode: 0o644, Size: int64(len(content)), Content: content}, why)
}

// addParents adds the directories that are in no package and that something is put into.
func (o *overlay) addParents() {
	for p := range o.entries {
		for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
			if o.entries[dir] == nil && o.tree.Node(dir) == nil {
				o.entries[dir] = &apkfacts.Entry{Path: dir, Type: apkfacts.Dir, Mode: 0o755}
			}
		}
	}
}

// write writes the entries, sorted by path so that a directory comes before what is in it.
func (o *overlay) write(w *ocilayer.Writer, modTime time.Time) error {
	o.addParents()
	paths := make([]string, 0, len(o.entries))
	for p := range o.entries {
		paths = append(paths, p)
	}
	slices.SortFunc(paths, func(a, b string) int {
		// A hard link comes after everything that it may be a link to.
		if x, y := o.entries[a].Type == apkfacts.Hardlink, o.entries[b].Type == apkfacts.Hardlink; x != y {
			if y {
				return -1
			}
			return 1
		}
		// A slash sorts before any other character: etc/a comes before etc-b.
		return strings.Compare(strings.ReplaceAll(a, "/", "\x00"), strings.ReplaceAll(b, "/", "\x00"))
	})
	for _, p := range paths {
		e := o.entries[p]
		h := header(e, modTime)
		if s, ok := o.sources[p]; ok {
			h.Size = e.Size
			if err := s.read(func(content io.Reader) error { return w.Add(h, content) }); err != nil {
				return fmt.Errorf("%s: %w", o.why[p], err)
			}
			continue
		}
		if err := w.Add(h, bytes.NewReader(e.Content)); err != nil {
			return err
		}
	}
	return nil
}

func header(e *apkfacts.Entry, modTime time.Time) *tar.Header {
	h := &tar.Header{
		Name:     e.Path,
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
		h.Typeflag, h.Name = tar.TypeDir, e.Path+"/"
	case apkfacts.Symlink:
		h.Typeflag = tar.TypeSymlink
	case apkfacts.Hardlink:
		h.Typeflag = tar.TypeLink
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
