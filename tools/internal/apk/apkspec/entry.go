package apkspec

import (
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
)

// convert returns the entry as apkfile has it. A folder given as the file stands for everything in it.
func (e *Entry) convert() ([]apkfile.Entry, error) {
	out := apkfile.Entry{
		Path:  strings.Trim(e.Path, "/"),
		UID:   e.UID,
		GID:   e.GID,
		Uname: ownerName(e.Uname, e.UID),
		Gname: ownerName(e.Gname, e.GID),
		Link:  e.Link,
	}
	for name, value := range e.Xattrs {
		if out.Xattrs == nil {
			out.Xattrs = map[string]string{}
		}
		out.Xattrs[name] = string(value)
	}
	var err error
	switch {
	case e.Link != "":
		out.Mode = fs.ModeSymlink | 0o777
		return []apkfile.Entry{out}, nil
	case e.File == "":
		out.Mode, err = parseMode(e.Mode, 0o755)
		out.Mode |= fs.ModeDir
		return []apkfile.Entry{out}, err
	}
	info, err := os.Stat(e.File)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return e.walk(out)
	}
	out.Mode, err = parseMode(e.Mode, 0o644)
	out.Size, out.Open = info.Size(), opener(e.File)
	return []apkfile.Entry{out}, err
}

// walk takes a folder that a build action made: its files get the entry's mode, or, without one, 0755 if they can be
// executed, else 0644.
func (e *Entry) walk(like apkfile.Entry) ([]apkfile.Entry, error) {
	var out []apkfile.Entry
	err := filepath.WalkDir(e.File, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(e.File, p)
		if err != nil {
			return err
		}
		entry := like
		entry.Path = path.Join(like.Path, filepath.ToSlash(rel))
		if entry.Path == "" || entry.Path == "." {
			return nil // the root itself
		}
		// Stat: build systems make trees of links to the real files.
		info, err := os.Stat(p)
		if err != nil {
			return err
		}
		switch {
		case info.IsDir():
			entry.Mode, entry.Xattrs = fs.ModeDir|0o755, nil
		default:
			byDefault := fs.FileMode(0o644)
			if info.Mode()&0o111 != 0 {
				byDefault = 0o755
			}
			if entry.Mode, err = parseMode(e.Mode, byDefault); err != nil {
				return err
			}
			entry.Size, entry.Open = info.Size(), opener(p)
		}
		out = append(out, entry)
		return nil
	})
	return out, err
}

func opener(file string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return os.Open(file) }
}

func ownerName(name string, id int) string {
	if name == "" && id == 0 {
		return "root"
	}
	return name
}
