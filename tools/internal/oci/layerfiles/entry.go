// Package layerfiles turns files of a build into the entries of a layer: files, directories, trees of files and links, at
// paths, with modes and owners that do not depend on where the build ran.
package layerfiles

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// Entry is one path of a layer. Its JSON is the value of the flag --entry of `ocibuild layer`.
type Entry struct {
	// Path in the layer; absolute or not makes no difference.
	Path string `json:"path"`
	// Mode in octal. Without one: 0755 for directories, 0644 for files, and in trees 0755 for files that can be run.
	Mode  string `json:"mode"`
	UID   int    `json:"uid"`
	GID   int    `json:"gid"`
	Uname string `json:"uname"`
	Gname string `json:"gname"`
	// Link is the target of a symbolic link.
	Link string `json:"link"`
	// File is the file, or the folder of a tree, with the content. An entry without File and Link is a directory.
	File string `json:"-"`
}

// ParseEntry reads an entry's JSON. Unknown fields, and a path that leads nowhere or out of the image, are errors.
func ParseEntry(data []byte) (*Entry, error) {
	var e Entry
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil {
		return nil, fmt.Errorf("entry: %w", err)
	}
	name := strings.Trim(e.Path, "/")
	if name == "" || !fs.ValidPath(name) {
		return nil, fmt.Errorf("entry: path is %q, want one inside of the image", e.Path)
	}
	return &e, nil
}

// file is one entry of the tar that is to be: its header and the file with its content, if it has any.
type file struct {
	header *tar.Header
	source string
}

func (e *Entry) header(name string, mode int64, typeflag byte) *tar.Header {
	return &tar.Header{
		Typeflag: typeflag, Name: name, Mode: mode, Uid: e.UID, Gid: e.GID, Uname: e.Uname, Gname: e.Gname,
	}
}

// files returns what the entry stands for.
func (e *Entry) files() ([]file, error) {
	name := strings.Trim(e.Path, "/")
	switch {
	case e.Link != "":
		h := e.header(name, 0o777, tar.TypeSymlink)
		h.Linkname = e.Link
		return []file{{header: h}}, nil
	case e.File == "":
		mode, err := parseMode(e.Mode, 0o755)
		return []file{{header: e.header(name+"/", mode, tar.TypeDir)}}, err
	}
	// Stat follows links: sandboxes are made of them.
	info, err := os.Stat(e.File)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return e.walk(name)
	}
	mode, err := parseMode(e.Mode, 0o644)
	if err != nil {
		return nil, err
	}
	h := e.header(name, mode, tar.TypeReg)
	h.Size = info.Size()
	return []file{{h, e.File}}, nil
}

// walk returns everything in the folder e.File, and the folder itself.
func (e *Entry) walk(name string) ([]file, error) {
	var out []file
	err := filepath.WalkDir(e.File, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(e.File, p)
		if err != nil {
			return err
		}
		f, err := e.treeFile(path.Join(name, filepath.ToSlash(rel)), p, d)
		out = append(out, f)
		return err
	})
	return out, err
}

// treeFile returns the file or directory p of a tree. A relative link is the tree's own; an absolute one is what a
// sandbox puts in place of a file.
func (e *Entry) treeFile(name, p string, d fs.DirEntry) (file, error) {
	if d.Type()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(p)
		if err != nil {
			return file{}, err
		}
		if !filepath.IsAbs(target) {
			h := e.header(name, 0o777, tar.TypeSymlink)
			h.Linkname = filepath.ToSlash(target)
			return file{header: h}, nil
		}
	}
	info, err := os.Stat(p)
	if err != nil {
		return file{}, err
	}
	switch {
	case d.IsDir():
		return file{header: e.header(name+"/", 0o755, tar.TypeDir)}, nil
	case info.IsDir():
		return file{}, fmt.Errorf("%s is a link to the directory %s outside of its tree", name, p)
	}
	byDefault := int64(0o644)
	if info.Mode()&0o111 != 0 {
		byDefault = 0o755
	}
	mode, err := parseMode(e.Mode, byDefault)
	if err != nil {
		return file{}, err
	}
	h := e.header(name, mode, tar.TypeReg)
	h.Size = info.Size()
	return file{h, p}, nil
}

// parseMode reads octal digits; tar's mode bits are those of chmod.
func parseMode(s string, byDefault int64) (int64, error) {
	if s == "" {
		return byDefault, nil
	}
	mode, err := strconv.ParseUint(s, 8, 12)
	if err != nil {
		return 0, fmt.Errorf("mode is %q, want octal digits up to 7777", s)
	}
	return int64(mode), nil
}
