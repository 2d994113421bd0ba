// Package rootfs unpacks an image's layers into a folder that a container can run on: layer over layer, with whiteouts,
// owners, modes, times, hard links and extended attributes (OCI image spec, "Image Layer Filesystem Changeset").
// Nothing is written outside of the folder, whatever the layers say.
//
// It lies outside of tools/internal because the end-to-end tests, a module of their own, compare what it unpacks with
// the real apk's work. It is no library for others.
package rootfs

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// Unpack writes the image's files below the folder dir, which is made if it is not there. What needs rights that the
// process does not have is left out: without root owners, devices and extended attributes.
func Unpack(image v1.Image, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	u := &unpacker{root: root, privileged: os.Geteuid() == 0, times: map[imagepath.Path]time.Time{}}
	for i, layer := range layers {
		if err := u.layer(layer); err != nil {
			return fmt.Errorf("unpacking layer %d: %w", i, err)
		}
	}
	return u.setTimes()
}

type unpacker struct {
	root       *os.Root
	privileged bool
	times      map[imagepath.Path]time.Time // of directories, by where they are
}

func (u *unpacker) layer(layer v1.Layer) error {
	content, err := layer.Uncompressed()
	if err != nil {
		return err
	}
	defer content.Close()
	// What this layer has brought, and the directories above it: its whiteouts are not for that.
	own := map[imagepath.Path]bool{}
	for archive := tar.NewReader(content); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := u.entry(header, archive, own); err != nil {
			return fmt.Errorf("%q: %w", header.Name, err)
		}
	}
}

func (u *unpacker) entry(header *tar.Header, content io.Reader, own map[imagepath.Path]bool) error {
	name, kind, err := imagepath.FromLayer(header.Name)
	if err != nil || kind == imagepath.Ignored || header.Typeflag == tar.TypeXGlobalHeader {
		return err
	}
	if kind == imagepath.Opaque {
		at, err := resolve(u.root, name.String(), true)
		if err != nil {
			return err
		}
		return u.clear(at, own)
	}
	at, err := resolve(u.root, name.String(), false)
	if err != nil {
		return err
	}
	if kind == imagepath.Removed {
		return u.remove(at, own)
	}
	if err := u.root.MkdirAll(at.Parent().String(), 0o755); err != nil {
		return err
	}
	for p := at; !p.IsRoot() && !own[p]; p = p.Parent() {
		own[p] = true
	}
	made, err := u.create(at, header, content)
	if err != nil || !made {
		return err
	}
	return u.attributes(at, header)
}

// create makes a file, or whatever the header says, without its attributes. made is false for what is left out.
func (u *unpacker) create(at imagepath.Path, header *tar.Header, content io.Reader) (made bool, err error) {
	name := at.String()
	if old, err := u.root.Lstat(name); err == nil && !(old.IsDir() && header.Typeflag == tar.TypeDir) {
		if at.IsRoot() {
			return false, errors.New("it is the root, which can only be a directory")
		}
		if err := u.root.RemoveAll(name); err != nil {
			return false, err
		}
	}
	switch header.Typeflag {
	case tar.TypeDir:
		if err := u.root.Mkdir(name, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return false, err
		}
		return true, nil
	case tar.TypeReg, tar.TypeGNUSparse: // of a sparse file the reader gives the holes, too
		file, err := u.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err != nil {
			return false, err
		}
		_, err = io.Copy(file, content)
		return true, errors.Join(err, file.Close())
	case tar.TypeSymlink:
		return true, u.root.Symlink(header.Linkname, name)
	case tar.TypeLink:
		return false, u.link(at, header.Linkname) // the file has its attributes: a change of owner would drop its setuid bit
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		if !u.privileged {
			return false, nil // a runtime makes the devices that a container needs
		}
		return makeSpecial(u.root, at, header)
	}
	return false, fmt.Errorf("its type in the archive is %q, want a file, folder, link, device or named pipe", header.Typeflag)
}

func (u *unpacker) link(at imagepath.Path, target string) error {
	name, kind, err := imagepath.FromLayer(target)
	if err == nil && kind != imagepath.Present {
		err = errors.New("the name is that of a whiteout")
	}
	if err != nil {
		return fmt.Errorf("hard link to %q: %w", target, err)
	}
	to, err := resolve(u.root, name.String(), false)
	if err != nil {
		return err
	}
	return u.root.Link(to.String(), at.String())
}

func (u *unpacker) attributes(at imagepath.Path, header *tar.Header) error {
	name := at.String()
	if u.privileged {
		if err := u.root.Lchown(name, header.Uid, header.Gid); err != nil {
			return err
		}
	}
	if header.Typeflag == tar.TypeSymlink {
		return nil
	}
	// After the owner, for a change of that drops the setuid bit.
	if err := u.root.Chmod(name, header.FileInfo().Mode()); err != nil {
		return err
	}
	switch header.Typeflag {
	case tar.TypeDir:
		u.times[at] = header.ModTime
	case tar.TypeReg, tar.TypeGNUSparse:
		if err := u.root.Chtimes(name, header.ModTime, header.ModTime); err != nil {
			return err
		}
	default:
		return nil
	}
	if !u.privileged {
		return nil
	}
	return setXattrs(u.root, at, header.PAXRecords)
}

// setTimes sets directories' times last: whatever is put into one changes its.
func (u *unpacker) setTimes() error {
	for at, modTime := range u.times {
		if info, err := u.root.Lstat(at.String()); err != nil || !info.IsDir() {
			continue // a later layer removed or replaced it
		}
		if err := u.root.Chtimes(at.String(), modTime, modTime); err != nil {
			return err
		}
	}
	return nil
}

// remove removes what lower layers have at a path.
func (u *unpacker) remove(at imagepath.Path, own map[imagepath.Path]bool) error {
	if own[at] {
		return u.clear(at, own)
	}
	return u.root.RemoveAll(at.String())
}

// clear removes what lower layers have in a directory.
func (u *unpacker) clear(dir imagepath.Path, own map[imagepath.Path]bool) error {
	if info, err := u.root.Lstat(dir.String()); err != nil || !info.IsDir() {
		return nil // there is nothing in it
	}
	entries, err := fs.ReadDir(u.root.FS(), dir.String())
	if err != nil {
		return err
	}
	for _, entry := range entries {
		at, err := dir.Join(entry.Name())
		if err != nil {
			return err
		}
		if err := u.remove(at, own); err != nil {
			return err
		}
	}
	return nil
}

// maxLinks is how many symbolic links Linux follows in one path.
const maxLinks = 40

// resolve returns where name lies once the links on the way are followed as a process sees them whose root is root:
// they never lead out of it. It need not exist. last says whether a link at its end is followed, too.
func resolve(root *os.Root, name string, last bool) (imagepath.Path, error) {
	var at imagepath.Path
	links := 0
	for todo := strings.Split(name, "/"); len(todo) > 0; {
		part := todo[0]
		todo = todo[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			at = at.Parent()
			continue
		}
		next, err := at.Join(part)
		if err != nil {
			return at, err
		}
		target, err := root.Readlink(next.String())
		if err != nil || len(todo) == 0 && !last {
			at = next
			continue
		}
		if links++; links > maxLinks {
			return at, fmt.Errorf("%q: more than %d symbolic links", name, maxLinks)
		}
		if strings.HasPrefix(target, "/") {
			at = imagepath.Path{}
		}
		todo = append(strings.Split(target, "/"), todo...)
	}
	return at, nil
}

// maxRead bounds what ReadFile reads, in bytes.
const maxRead = 16 << 20

// ReadFile returns the content of a regular file below the folder dir, where name, a path as processes with that root
// know it, leads to. A file that is not there is an error that wraps fs.ErrNotExist.
func ReadFile(dir, name string) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	at, err := resolve(root, name, true)
	if err != nil {
		return nil, err
	}
	info, err := root.Lstat(at.String())
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxRead {
		return nil, fmt.Errorf("%s is %s of %d bytes, want a file of at most %d", name, info.Mode().Type(), info.Size(), maxRead)
	}
	return root.ReadFile(at.String())
}
