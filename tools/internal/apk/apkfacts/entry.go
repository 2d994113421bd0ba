package apkfacts

import (
	"archive/tar"
	"fmt"
	"io"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// reader turns an archive's headers into entries.
type reader struct {
	files map[imagepath.Path]bool // all that is no directory, so far
}

// entry returns the facts of the archive's next entry, but those that need its content.
func (r *reader) entry(h *tar.Header) (Entry, error) {
	e := Entry{Mode: Mode(h.Mode & 0o7777), UID: h.Uid, GID: h.Gid}
	var err error
	if e.Path, err = imagepath.FromArchive(h.Name); err != nil {
		return e, err
	}
	// Linux has 32 bits for them, and the last of all says "leave it".
	const most = 1<<32 - 2
	if h.Uid < 0 || h.Uid > most || h.Gid < 0 || h.Gid > most {
		return e, fmt.Errorf("its owner is %d:%d, want numbers from 0 to %d", h.Uid, h.Gid, int64(most))
	}
	if h.Uname != "root" {
		e.Uname = h.Uname
	}
	if h.Gname != "root" {
		e.Gname = h.Gname
	}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse:
		e.Size, e.Sparse = h.Size, h.Typeflag == tar.TypeGNUSparse
	case tar.TypeDir:
		e.Type = Dir
	case tar.TypeSymlink:
		e.Type, e.Link = Symlink, h.Linkname
	case tar.TypeLink:
		e.Type = Hardlink
		if err := r.link(&e, h.Linkname); err != nil {
			return e, err
		}
	case tar.TypeChar, tar.TypeBlock:
		e.Type = CharDev
		if h.Typeflag == tar.TypeBlock {
			e.Type = BlockDev
		}
		e.Dev = &[2]int64{h.Devmajor, h.Devminor}
		if !strings.HasPrefix(e.Path.String(), "dev/") {
			return e, fmt.Errorf("it is a device outside dev/; no package has a use for that")
		}
	case tar.TypeFifo:
		e.Type = NamedPipe
	default:
		return e, fmt.Errorf("its type in the archive is %q, want a file, folder, link, device or named pipe", h.Typeflag)
	}
	for key, value := range h.PAXRecords {
		if name, ok := strings.CutPrefix(key, xattrPrefix); ok {
			if e.Xattrs == nil {
				e.Xattrs = map[string][]byte{}
			}
			e.Xattrs[name] = []byte(value)
		}
	}
	r.note(&e)
	return e, nil
}

// link makes e a hard link. apk installs none to what its package does not have before it, nor could a layer with one
// be unpacked; the root's names that begin with a dot are none to apk.
func (r *reader) link(e *Entry, target string) error {
	var err error
	if e.File, err = imagepath.FromArchive(target); err != nil {
		return fmt.Errorf("%s is a hard link: %w", e.Path, err)
	}
	if !r.files[e.File] {
		return fmt.Errorf("it is a hard link to %s, which is no file that the package has before it; apk does not install such a link", e.File)
	}
	return nil
}

// note remembers what hard links may be links to.
func (r *reader) note(e *Entry) {
	if e.Type == Dir {
		delete(r.files, e.Path)
	} else if !strings.HasPrefix(e.Path.String(), ".") {
		if r.files == nil {
			r.files = map[imagepath.Path]bool{}
		}
		r.files[e.Path] = true
	}
}

// Lister collects a package's entries without reading their contents: paths, types, owners and the checksums that the
// package states. It is enough to tell how packages share paths.
type Lister struct {
	Entries []Entry

	reader
}

// Visit is an apkfile.Visitor.
func (l *Lister) Visit(h *tar.Header, _ io.Reader) error {
	e, err := l.entry(h)
	if err != nil {
		return err
	}
	if e.Checksum, err = statedChecksum(h); err != nil {
		return err
	}
	l.Entries = append(l.Entries, e)
	return nil
}
