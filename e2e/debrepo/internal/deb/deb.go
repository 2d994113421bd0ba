// Package deb unpacks Debian's binary packages (deb(5)): an ar archive of debian-binary, control.tar and data.tar, the
// latter two compressed.
package deb

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/blakesmith/ar"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/control"
)

// Package is an unpacked .deb.
type Package struct {
	Control control.Stanza
	Entries []Entry
	// Modified is the time of its newest file, in Unix seconds.
	Modified int64
}

// Entry is a file, directory or symbolic link of a package.
type Entry struct {
	Path         string      // relative to the root, clean
	Mode         fs.FileMode // permissions with setuid, setgid and sticky, and the type
	UID, GID     int
	Uname, Gname string
	Link         string // target of a symbolic link
	// File is where the content of a regular file was put. Hard links are entries with the same File.
	File string
}

const magic = "!<arch>\n"

// Unpack reads the .deb at name and puts the contents of its files into dir, which must be empty and is not the tree
// that they make.
func Unpack(name, dir string) (*Package, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	u := &unpacker{dir: dir, files: map[string]string{}, p: &Package{}}
	if err := u.archive(bufio.NewReaderSize(f, 1<<16)); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	return u.p, nil
}

type unpacker struct {
	dir   string
	p     *Package
	files map[string]string // regular files by path
}

func (u *unpacker) archive(r *bufio.Reader) error {
	if start, err := r.Peek(len(magic)); err != nil || string(start) != magic {
		return fmt.Errorf("begins with %q, want %q: not a .deb", start, magic)
	}
	seen := map[string]bool{}
	for members := ar.NewReader(r); ; {
		header, err := members.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		member := strings.TrimRight(header.Name, "/ ")
		kind, compression, _ := strings.Cut(member, ".tar")
		seen[kind] = true
		switch kind {
		case "control":
			err = each(members, compression, u.control)
		case "data":
			err = each(members, compression, u.data)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", member, err)
		}
	}
	if !seen["debian-binary"] || !seen["control"] || !seen["data"] || u.p.Control == nil {
		return errors.New("want debian-binary, control.tar with a control file, and data.tar in it")
	}
	return nil
}

// each calls visit for every entry of a compressed tar, to its end.
func each(r io.Reader, compression string, visit func(*tar.Header, io.Reader) error) error {
	r, err := decompress(r, compression)
	if err != nil {
		return err
	}
	for archive := tar.NewReader(r); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := visit(header, archive); err != nil {
			return fmt.Errorf("%s: %w", header.Name, err)
		}
	}
}

func decompress(r io.Reader, compression string) (io.Reader, error) {
	switch compression {
	case "":
		return r, nil
	case ".gz":
		return gzip.NewReader(r)
	case ".xz":
		return xz.NewReader(r)
	case ".zst":
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return nil, fmt.Errorf("compressed as %q, want one of .gz .xz .zst", compression)
}

func (u *unpacker) control(header *tar.Header, r io.Reader) error {
	if path.Clean(header.Name) != "control" {
		return nil // maintainer scripts and checksums
	}
	stanza, err := control.One(r)
	if err != nil {
		return err
	}
	for _, field := range []string{"Package", "Version", "Architecture"} {
		if stanza[field] == "" {
			return fmt.Errorf("no field %s", field)
		}
	}
	u.p.Control = stanza
	return nil
}

func (u *unpacker) data(header *tar.Header, r io.Reader) error {
	name := strings.TrimPrefix(path.Clean("/"+header.Name), "/")
	if name == "" {
		return nil // the root itself
	}
	e := Entry{
		Path: name, UID: header.Uid, GID: header.Gid, Uname: header.Uname, Gname: header.Gname,
		Mode: header.FileInfo().Mode() & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky),
	}
	switch header.Typeflag {
	case tar.TypeReg:
		e.File = filepath.Join(u.dir, strconv.Itoa(len(u.files)))
		u.files[name] = e.File
		if err := save(e.File, r); err != nil {
			return err
		}
	case tar.TypeLink:
		target := strings.TrimPrefix(path.Clean("/"+header.Linkname), "/")
		if e.File = u.files[target]; e.File == "" {
			return fmt.Errorf("is a hard link to %s, want a file that came before it", target)
		}
	case tar.TypeDir:
		e.Mode |= fs.ModeDir
	case tar.TypeSymlink:
		e.Mode |= fs.ModeSymlink
		e.Link = header.Linkname
	default:
		return fmt.Errorf("has the type %q, want a file, directory or link", header.Typeflag)
	}
	u.p.Modified = max(u.p.Modified, header.ModTime.Unix())
	u.p.Entries = append(u.p.Entries, e)
	return nil
}

func save(name string, r io.Reader) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}
