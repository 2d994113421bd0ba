// Package rootfs unpacks an image's layers into a folder that a container can run on: layer over layer, with whiteouts,
// owners, modes and hard links (OCI image spec, "Image Layer Filesystem Changeset"). Extended attributes and, without
// root, owners and devices are left out.
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

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Unpack writes the image's files below the folder root, which is there and empty.
func Unpack(image v1.Image, root string) error {
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	u := &unpacker{root: root, owners: os.Geteuid() == 0}
	for i, layer := range layers {
		if err := u.layer(layer); err != nil {
			return fmt.Errorf("unpacking layer %d: %w", i, err)
		}
	}
	return nil
}

type unpacker struct {
	root   string
	owners bool
}

func (u *unpacker) layer(layer v1.Layer) error {
	content, err := layer.Uncompressed()
	if err != nil {
		return err
	}
	defer content.Close()
	own := map[string]bool{} // what this layer brought: its opaque whiteouts are not for that
	for archive := tar.NewReader(content); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = u.entry(header, archive, own)
		}
		if err != nil {
			if header != nil {
				return fmt.Errorf("%s: %w", header.Name, err)
			}
			return err
		}
	}
}

func (u *unpacker) entry(header *tar.Header, content io.Reader, own map[string]bool) error {
	dir, base := path.Split(path.Clean("/" + header.Name))
	if base == "" {
		return nil // the root itself
	}
	parent, err := Resolve(u.root, dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	if base == ".wh..wh..opq" {
		return clear(parent, own)
	}
	if hidden, ok := strings.CutPrefix(base, ".wh."); ok {
		return os.RemoveAll(filepath.Join(parent, hidden))
	}
	target := filepath.Join(parent, base)
	own[target] = true
	if err := u.create(target, header, content); err != nil {
		return err
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
	// After the owner, for a change of that drops the setuid bit.
	return os.Chmod(target, header.FileInfo().Mode())
}

func (u *unpacker) create(target string, header *tar.Header, content io.Reader) error {
	if old, err := os.Lstat(target); err == nil && (!old.IsDir() || header.Typeflag != tar.TypeDir) {
		if err := os.RemoveAll(target); err != nil {
			return err
		}
	}
	switch header.Typeflag {
	case tar.TypeDir:
		if err := os.Mkdir(target, 0o755); !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	case tar.TypeSymlink:
		return os.Symlink(header.Linkname, target)
	case tar.TypeLink:
		dir, base := path.Split(path.Clean("/" + header.Linkname))
		parent, err := Resolve(u.root, dir)
		if err != nil {
			return err
		}
		return os.Link(filepath.Join(parent, base), target)
	case tar.TypeReg:
		file, err := os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		_, err = io.Copy(file, content)
		return errors.Join(err, file.Close())
	}
	// A runtime makes the devices that a container needs.
	return os.WriteFile(target, nil, 0o644)
}

func clear(dir string, keep map[string]bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := filepath.Join(dir, entry.Name())
		if keep[name] {
			continue
		}
		if err := os.RemoveAll(name); err != nil {
			return err
		}
	}
	return nil
}

// Resolve returns where name, a slash-separated path of the image, lies below root: links are followed as a process sees
// them whose root is root, and never lead out of it. It need not exist.
func Resolve(root, name string) (string, error) {
	at, todo := "/", strings.Split(name, "/")
	for links := 0; len(todo) > 0; {
		next := path.Join(at, todo[0])
		isName := todo[0] != "" && todo[0] != "." && todo[0] != ".."
		todo = todo[1:]
		target, err := os.Readlink(filepath.Join(root, next))
		if err != nil || !isName {
			at = next
			continue
		}
		if links++; links > 40 {
			return "", fmt.Errorf("%s: more than 40 symbolic links", name)
		}
		if path.IsAbs(target) {
			at = "/"
		}
		todo = append(strings.Split(target, "/"), todo...)
	}
	return filepath.Join(root, at), nil
}
