// Package apkmerge makes layers out of the files of packages that cannot be, or are not wanted as, layers of their own:
// several packages in one layer, or one package that is normalised.
package apkmerge

import (
	"archive/tar"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktree"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
)

// Source is a package to merge: its index in the tree, and the package file.
type Source struct {
	Package int
	File    string
}

// Write writes the layer of the given packages, which are in the tree's order, to w. It has what the tree says is at
// each path: entries that other packages replace or that are excluded are not in it, and what lies below another
// package's symlink is where the link leads. A single package that is to be left as it is becomes its data section,
// byte for byte.
func Write(w io.Writer, tree *apktree.Tree, sources []Source, name string) (ocilayer.Descriptor, error) {
	if len(sources) == 1 && untouched(tree, sources[0].Package) {
		return copyData(w, tree.Packages[sources[0].Package].Facts, sources[0].File)
	}
	out, err := ocilayer.NewWriter(w)
	if err != nil {
		return ocilayer.Descriptor{}, err
	}
	m := &merger{tree: tree, out: out, made: map[imagepath.Path]bool{}}
	for _, s := range sources {
		if err := m.add(s); err != nil {
			return ocilayer.Descriptor{}, fmt.Errorf("package %s: %s: %w", tree.Packages[s.Package].Facts, s.File, err)
		}
	}
	return out.Close(name)
}

// untouched says whether a package's own bytes are right as they are.
func untouched(tree *apktree.Tree, i int) bool {
	p := tree.Packages[i]
	if len(p.Moved) > 0 || len(p.Excluded) > 0 || len(p.Sparse) > 0 {
		return false
	}
	for _, l := range tree.Losses {
		if l.Package == i {
			return false
		}
	}
	// Names at the root that apk does not install, and metadata of directories, are the system layer's to set right.
	return true
}

func copyData(w io.Writer, f *apkfacts.Facts, file string) (ocilayer.Descriptor, error) {
	in, err := os.Open(file)
	if err != nil {
		return ocilayer.Descriptor{}, err
	}
	defer in.Close()
	d := f.Layer
	n, err := io.Copy(w, io.NewSectionReader(in, d.Offset, d.Size))
	if err != nil {
		return ocilayer.Descriptor{}, err
	}
	if n != d.Size {
		return ocilayer.Descriptor{}, fmt.Errorf("package %s: %s has %d bytes from offset %d on, want %d", f, file, n, d.Offset, d.Size)
	}
	d.Offset = 0
	return d, nil
}

type merger struct {
	tree *apktree.Tree
	out  *ocilayer.Writer
	made map[imagepath.Path]bool // directories that the layer has
}

// add streams one package into the layer.
func (m *merger) add(s Source) error {
	p := m.tree.Packages[s.Package]
	keep := p.Kept()
	names := newNames(p.Facts, keep)
	at := 0
	in, err := os.Open(s.File)
	if err != nil {
		return err
	}
	defer in.Close()
	file, err := apkfile.Read(in, apkfile.Examined(p.Facts.Checksum), func(h *tar.Header, content io.Reader) error {
		if at == len(p.Facts.Entries) {
			return fmt.Errorf("it is not in the facts; want the package that the facts are of")
		}
		e := &p.Facts.Entries[at]
		at++
		if at, err := imagepath.FromArchive(h.Name); err != nil || at != e.Path {
			return fmt.Errorf("the facts have %s here; want the package that the facts are of", e.Path)
		}
		if e.Type == apkfacts.Dir {
			return m.addDir(p, e, h)
		}
		if e.Type == apkfacts.Hardlink {
			return m.addLink(names, h, e, keep)
		}
		to, ok := keep[e]
		if !ok {
			if to, ok = keep[names.heir[e]]; !ok {
				return nil
			}
		}
		return m.addFile(h, e, to, content)
	})
	if err != nil {
		return err
	}
	if file.LayerDigest != p.Facts.Layer.Digest.String() {
		return fmt.Errorf("its layer is %s, but the facts are of %s", file.LayerDigest, p.Facts.Layer.Digest)
	}
	return nil
}

// addDir writes a directory once, as apk would make it, where it is. One that is a symlink in another package is left
// out.
func (m *merger) addDir(p *apktree.Package, e *apkfacts.Entry, h *tar.Header) error {
	at, ok := p.DirAt(e.Path)
	if !ok || m.made[at] {
		return nil
	}
	dir, ok := m.tree.Directory(at)
	if !ok {
		return nil
	}
	m.made[at] = true
	c := *h
	c.Name = at.String() + "/"
	c.Mode, c.Uid, c.Gid = int64(dir.Mode), dir.UID, dir.GID
	c.PAXRecords = attributes(h)
	return m.out.Add(&c, nil)
}

func (m *merger) addFile(h *tar.Header, e *apkfacts.Entry, to imagepath.Path, content io.Reader) error {
	c := *h
	c.Name = to.String()
	c.PAXRecords = attributes(h)
	if e.Type == apkfacts.File {
		c.Typeflag = tar.TypeReg // a sparse file's holes are written as zeros
	} else {
		content = nil
	}
	return m.out.Add(&c, content)
}

// addLink writes a hard link to wherever the file itself is.
func (m *merger) addLink(names *names, h *tar.Header, e *apkfacts.Entry, keep map[*apkfacts.Entry]imagepath.Path) error {
	to, ok := keep[e]
	if !ok {
		return nil
	}
	file := names.file[e]
	if file == nil {
		return fmt.Errorf("it is a hard link to %s, which the package does not have before it", e.File)
	}
	if heir := names.heir[file]; heir != nil {
		if heir == e {
			return nil // it has the file's bytes already
		}
		file = heir
	}
	c := *h
	c.Name, c.Linkname = to.String(), keep[file].String()
	c.PAXRecords = attributes(h)
	return m.out.Add(&c, nil)
}

// attributes are the extended attributes; the package's other PAX records are apk's own, or for the header to state.
func attributes(h *tar.Header) map[string]string {
	var out map[string]string
	for key, value := range h.PAXRecords {
		if strings.HasPrefix(key, "SCHILY.xattr.") {
			if out == nil {
				out = map[string]string{}
			}
			out[key] = value
		}
	}
	return out
}
