package apkfile

import (
	"archive/tar"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// Keys of PAX records in a data section.
const (
	paxChecksum = "APK-TOOLS.checksum.SHA1"
	paxXattr    = "SCHILY.xattr."
)

// An Entry is a file, directory or symbolic link that Write puts into a package.
type Entry struct {
	Path string // relative, clean, with slashes: "usr/bin/hello"
	// Mode holds the permission bits with fs.ModeSetuid, fs.ModeSetgid and fs.ModeSticky, and fs.ModeDir or
	// fs.ModeSymlink, or neither for a file.
	Mode         fs.FileMode
	UID, GID     int
	Uname, Gname string
	Link         string // target of a symbolic link
	Xattrs       map[string]string
	Size         int64 // of a file
	// Open is called twice for a file: its checksum goes in front of it.
	Open func() (io.ReadCloser, error)
}

// withParents returns the entries sorted by path, parents before what is in them, with a root-owned directory of mode
// 0755 wherever a parent is missing.
func withParents(entries []Entry) ([]Entry, error) {
	byPath := make(map[string]Entry, len(entries))
	for _, e := range entries {
		if !fs.ValidPath(e.Path) || e.Path == "." {
			return nil, fmt.Errorf("path is %q, want a clean relative one such as %q", e.Path, "usr/bin/hello")
		}
		if _, ok := byPath[e.Path]; ok {
			return nil, fmt.Errorf("%s is given twice", e.Path)
		}
		if !strings.Contains(e.Path, "/") && strings.HasPrefix(e.Path, ".") && !e.Mode.IsDir() {
			return nil, fmt.Errorf("%s: apk does not install files at the root whose names begin with a dot", e.Path)
		}
		byPath[e.Path] = e
	}
	for _, e := range entries {
		for dir := path.Dir(e.Path); dir != "."; dir = path.Dir(dir) {
			parent, ok := byPath[dir]
			if ok && !parent.Mode.IsDir() {
				return nil, fmt.Errorf("%s lies in %s, which is not a directory", e.Path, dir)
			}
			if !ok {
				byPath[dir] = Entry{Path: dir, Mode: fs.ModeDir | 0o755, Uname: "root", Gname: "root"}
			}
		}
	}
	// By components, so that a directory is followed by what is in it.
	return slices.SortedFunc(maps.Values(byPath), func(a, b Entry) int {
		return slices.Compare(strings.Split(a.Path, "/"), strings.Split(b.Path, "/"))
	}), nil
}

func (e Entry) write(tw *tar.Writer, modTime int64) error {
	h := &tar.Header{
		Name: e.Path, Mode: tarMode(e.Mode), Uid: e.UID, Gid: e.GID, Uname: e.Uname, Gname: e.Gname,
		ModTime: time.Unix(modTime, 0), PAXRecords: make(map[string]string), Format: tar.FormatPAX,
	}
	for name, value := range e.Xattrs {
		h.PAXRecords[paxXattr+name] = value
	}
	if e.Size != 0 && !e.Mode.IsRegular() {
		return fmt.Errorf("size is %d, want 0 as it is not a file", e.Size)
	}
	switch e.Mode.Type() {
	case fs.ModeDir:
		h.Typeflag = tar.TypeDir
		h.Name += "/"
		return tw.WriteHeader(h)
	case fs.ModeSymlink:
		h.Typeflag, h.Linkname = tar.TypeSymlink, e.Link
		sum := sha1.Sum([]byte(e.Link))
		h.PAXRecords[paxChecksum] = hex.EncodeToString(sum[:])
		return tw.WriteHeader(h)
	case 0:
		h.Typeflag, h.Size = tar.TypeReg, e.Size
		return e.writeFile(tw, h)
	}
	return fmt.Errorf("type is %s, want a file, directory or symbolic link", e.Mode.Type())
}

func (e Entry) writeFile(tw *tar.Writer, h *tar.Header) error {
	sum := sha1.New()
	if err := e.copy(sum); err != nil {
		return err
	}
	h.PAXRecords[paxChecksum] = hex.EncodeToString(sum.Sum(nil))
	if err := tw.WriteHeader(h); err != nil {
		return err
	}
	return e.copy(tw)
}

func (e Entry) copy(w io.Writer) (err error) {
	r, err := e.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	n, err := io.Copy(w, r)
	if err == nil && n != e.Size {
		err = fmt.Errorf("has %d bytes, want %d", n, e.Size)
	}
	return err
}

func tarMode(m fs.FileMode) int64 {
	mode := int64(m.Perm())
	if m&fs.ModeSetuid != 0 {
		mode |= 0o4000
	}
	if m&fs.ModeSetgid != 0 {
		mode |= 0o2000
	}
	if m&fs.ModeSticky != 0 {
		mode |= 0o1000
	}
	return mode
}
