// Package rootfs unpacks images the way container runtimes do: layer over
// layer, with whiteouts, owners, modes, hard links and extended attributes.
package rootfs

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"golang.org/x/sys/unix"
)

// Image returns the image for linux/arch (OCI's name of it) in the OCI layout
// directory dir; the only image there is, if arch is empty.
func Image(dir, arch string) (v1.Image, error) {
	p, err := layout.FromPath(dir)
	if err != nil {
		return nil, fmt.Errorf("opening layout %s: %w", dir, err)
	}
	index, err := p.ImageIndex()
	if err != nil {
		return nil, fmt.Errorf("opening layout %s: %w", dir, err)
	}
	images, err := images(index, arch)
	if err != nil {
		return nil, fmt.Errorf("layout %s: %w", dir, err)
	}
	if len(images) != 1 {
		return nil, fmt.Errorf("layout %s holds %d images for %q, want one", dir, len(images), arch)
	}
	return images[0], nil
}

func images(index v1.ImageIndex, arch string) ([]v1.Image, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var found []v1.Image
	for _, desc := range manifest.Manifests {
		if desc.MediaType.IsIndex() {
			child, err := index.ImageIndex(desc.Digest)
			if err != nil {
				return nil, err
			}
			below, err := images(child, arch)
			if err != nil {
				return nil, err
			}
			found = append(found, below...)
			continue
		}
		image, err := index.Image(desc.Digest)
		if err != nil {
			return nil, err
		}
		config, err := image.ConfigFile()
		if err != nil {
			return nil, err
		}
		if arch == "" || config.Architecture == arch {
			found = append(found, image)
		}
	}
	return found, nil
}

// Unpack writes image's files below dir, which is made if it is not there.
// Owners and devices need root; without it both are left out.
func Unpack(image v1.Image, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	u := &unpacker{root: dir, owners: os.Geteuid() == 0}
	for i, layer := range layers {
		if err := u.layer(layer); err != nil {
			digest, _ := layer.Digest()
			return fmt.Errorf("layer %d (%s): %w", i, digest, err)
		}
	}
	return u.times()
}

type unpacker struct {
	root   string
	owners bool
	dirs   []dirTime
}

type dirTime struct {
	path string
	time time.Time
}

func (u *unpacker) layer(layer v1.Layer) error {
	r, err := layer.Uncompressed()
	if err != nil {
		return err
	}
	defer r.Close()
	made := map[string]bool{} // paths of this layer: an opaque whiteout leaves them alone
	archive := tar.NewReader(r)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := u.entry(header, archive, made); err != nil {
			return fmt.Errorf("%s: %w", header.Name, err)
		}
	}
}

func (u *unpacker) entry(header *tar.Header, body io.Reader, made map[string]bool) error {
	name := path.Clean("/" + header.Name)
	dir, base := path.Split(name)
	parent, err := Resolve(u.root, dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	if base == ".wh..wh..opq" {
		return empty(parent, made)
	}
	if hidden, ok := strings.CutPrefix(base, ".wh."); ok {
		return os.RemoveAll(filepath.Join(parent, hidden))
	}
	target := filepath.Join(parent, base)
	made[target] = true
	if err := u.create(target, header, body); err != nil {
		return err
	}
	return u.attributes(target, header)
}

func (u *unpacker) create(target string, header *tar.Header, body io.Reader) error {
	old, err := os.Lstat(target)
	if err == nil && !(old.IsDir() && header.Typeflag == tar.TypeDir) {
		if err := os.RemoveAll(target); err != nil {
			return err
		}
	}
	switch header.Typeflag {
	case tar.TypeDir:
		u.dirs = append(u.dirs, dirTime{target, header.ModTime})
		if err := os.Mkdir(target, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	case tar.TypeReg:
		f, err := os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := io.Copy(f, body); err != nil {
			return err
		}
		return f.Close()
	case tar.TypeSymlink:
		return os.Symlink(header.Linkname, target)
	case tar.TypeLink:
		dir, base := path.Split(path.Clean("/" + header.Linkname))
		parent, err := Resolve(u.root, dir)
		if err != nil {
			return err
		}
		return os.Link(filepath.Join(parent, base), target)
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		if !u.owners {
			return nil
		}
		kind := map[byte]uint32{tar.TypeChar: unix.S_IFCHR, tar.TypeBlock: unix.S_IFBLK, tar.TypeFifo: unix.S_IFIFO}[header.Typeflag]
		return unix.Mknod(target, kind|0o644, int(unix.Mkdev(uint32(header.Devmajor), uint32(header.Devminor))))
	}
	return fmt.Errorf("has the unknown type %q", header.Typeflag)
}

func (u *unpacker) attributes(target string, header *tar.Header) error {
	if _, err := os.Lstat(target); err != nil {
		return nil // a device, without root
	}
	if header.Typeflag == tar.TypeLink {
		return nil // the file has its attributes, and a change of owner would drop its setuid bit
	}
	if u.owners {
		if err := os.Lchown(target, header.Uid, header.Gid); err != nil {
			return err
		}
	}
	if header.Typeflag == tar.TypeSymlink {
		return nil
	}
	// After the owner: chown drops the setuid bit.
	if err := unix.Chmod(target, uint32(header.Mode)&0o7777); err != nil {
		return err
	}
	for key, value := range header.PAXRecords {
		attr, ok := strings.CutPrefix(key, "SCHILY.xattr.")
		if !ok || !u.owners {
			continue
		}
		if err := unix.Lsetxattr(target, attr, []byte(value), 0); err != nil {
			return fmt.Errorf("attribute %s: %w", attr, err)
		}
	}
	if header.Typeflag == tar.TypeReg {
		return os.Chtimes(target, header.ModTime, header.ModTime)
	}
	return nil
}

// times sets directories' times last: every file put into one changes its.
func (u *unpacker) times() error {
	for _, d := range u.dirs {
		if info, err := os.Lstat(d.path); err != nil || !info.IsDir() {
			continue // a later layer removed or replaced it
		}
		if err := os.Chtimes(d.path, d.time, d.time); err != nil {
			return err
		}
	}
	return nil
}

func empty(dir string, keep map[string]bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if path := filepath.Join(dir, entry.Name()); !keep[path] {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// Resolve returns where name, a slash-separated path in an image, lies below
// root, following symbolic links as a process in root would see them. Its last
// components need not exist.
func Resolve(root, name string) (string, error) {
	todo := strings.Split(name, "/")
	at := "/"
	for links := 0; len(todo) > 0; {
		part := todo[0]
		todo = todo[1:]
		next := path.Join(at, part)
		target, err := os.Readlink(filepath.Join(root, next))
		if err != nil || part == "" {
			at = next
			continue
		}
		if links++; links > 40 {
			return "", fmt.Errorf("resolving %s: too many symbolic links", name)
		}
		if path.IsAbs(target) {
			at = "/"
		}
		todo = append(strings.Split(target, "/"), todo...)
	}
	return filepath.Join(root, at), nil
}
