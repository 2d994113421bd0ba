package entries

import (
	"archive/tar"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// source is what an entry's content is declared to come from.
type source interface {
	files(e *Entry) ([]File, error)
}

// file is a file, or a folder of sources. Sandboxes have a link in its place, and so may the sources.
type file string

func (f file) files(e *Entry) ([]File, error) {
	info, err := os.Stat(string(f))
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		out, err := e.regular(e.path, string(f), 0o644)
		return []File{out}, err
	}
	t := &tree{root: string(f)}
	if t.paths, err = listFolder(string(f)); err != nil {
		return nil, err
	}
	return t.files(e)
}

// listFolder finds the files in a folder of sources, of which Bazel knows no more than the path. A link to a file of
// the same folder is a file. A link to a folder is refused: it may lead around in a circle.
func listFolder(folder string) ([]string, error) {
	root, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return nil, err
	}
	var paths []string
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if d.Type()&fs.ModeSymlink != 0 {
			if info, err := os.Stat(p); err == nil && info.IsDir() {
				return fmt.Errorf("%s is a link to a folder, want files and links to files", p)
			}
		}
		rel, err := filepath.Rel(root, p)
		paths = append(paths, path.Join(folder, filepath.ToSlash(rel)))
		return err
	})
	return paths, err
}

// symlink is a symbolic link that is declared as one.
type symlink string

func (s symlink) files(e *Entry) ([]File, error) {
	target, err := os.Readlink(string(s))
	if err != nil {
		return nil, err
	}
	if err := checkTarget(target); err != nil {
		return nil, fmt.Errorf("%s: %w", string(s), err)
	}
	f := e.file(e.path, tar.TypeSymlink, 0o777)
	f.Target = target
	return []File{f}, nil
}

// output is what an action made, be it declared as a file or as a symbolic link.
type output string

func (o output) files(e *Entry) ([]File, error) {
	if isLink(string(o)) {
		return symlink(o).files(e)
	}
	return file(o).files(e)
}

// isLink says whether p is a symbolic link for its own sake. Where Bazel puts one in place of a file, it leads to the
// same place in another folder, or, absolutely, to another file of the build.
func isLink(p string) bool {
	target, err := os.Readlink(p)
	if err != nil {
		return false
	}
	if !filepath.IsAbs(target) {
		return true
	}
	if _, mirrors := mirror(target, p); mirrors {
		return false
	}
	there, err := os.Stat(target)
	if err != nil {
		return true
	}
	for rest := filepath.ToSlash(target); ; {
		var ok bool
		if _, rest, ok = strings.Cut(rest, "/"); !ok {
			return true
		}
		if here, err := os.Stat(rest); err == nil && os.SameFile(here, there) {
			return false
		}
	}
}

// tree is a folder that an action made, and the files in it, as Bazel lists them.
type tree struct {
	root  string
	paths []string
}

// files returns the tree's files and the directories that they are in. Bazel sees neither links in a tree, only what
// they lead to, nor empty directories, and gives every file the run bits.
func (t *tree) files(e *Entry) ([]File, error) {
	out := []File{e.file(e.path, tar.TypeDir, 0o755)}
	seen := map[imagepath.Path]bool{e.path: true}
	var outputs folders
	for _, p := range t.paths {
		rel, ok := strings.CutPrefix(p, t.root+"/")
		if !ok {
			return nil, fmt.Errorf("%s is not in the tree %s", p, t.root)
		}
		at, err := e.path.Join(rel)
		if err != nil {
			return nil, err
		}
		if err := outputs.check(t.root, p); err != nil {
			return nil, err
		}
		for dir := at.Parent(); !seen[dir]; dir = dir.Parent() {
			seen[dir] = true
			out = append(out, e.file(dir, tar.TypeDir, 0o755))
		}
		f, err := e.regular(at, p, 0o755)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// folders are those with everything that the links of a tree may lead to, without links themselves.
type folders struct{ real []string }

// check fails if p, a file of the tree root, is a link to what is no output of the build.
func (f *folders) check(root, p string) error {
	real, err := filepath.EvalSymlinks(p)
	if err != nil {
		return err
	}
	if f.have(real) {
		return nil
	}
	if len(f.real) == 0 {
		f.add(root)
		f.add(outputsFolder(root))
	}
	if f.have(real) {
		return nil
	}
	if base, ok := origin(p); ok {
		f.add(filepath.Join(base, outputsFolder(root)))
		f.add(filepath.Join(base, root))
	}
	if f.have(real) {
		return nil
	}
	return fmt.Errorf("%s is a link to %s, which is no output of the build; want files, and links to files of the same tree", p, real)
}

func (f *folders) add(dir string) {
	if dir == "" {
		return
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		f.real = append(f.real, real)
	}
}

func (f *folders) have(real string) bool {
	for _, dir := range f.real {
		if real == dir || strings.HasPrefix(real, dir+string(filepath.Separator)) {
			return true
		}
	}
	return false
}

// outputsFolder returns the folder of all outputs, seen from where the action runs, or "" for a path that is no
// output's.
func outputsFolder(p string) string {
	if first, _, _ := strings.Cut(p, "/"); first == outputs {
		return outputs
	}
	return ""
}

const outputs = "bazel-out"

// origin returns the folder that a sandbox's links mirror, for a path in the sandbox.
func origin(p string) (string, bool) {
	for i := 1; i <= len(p); i++ {
		if i < len(p) && p[i] != '/' {
			continue
		}
		target, err := os.Readlink(p[:i])
		if err == nil {
			return mirror(target+p[i:], p)
		}
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return "", false
}

// mirror says whether target ends in p, and returns the folder that p is relative to there. The name of the
// configuration below bazel-out may be another: Bazel leaves it out of what actions see where it can.
func mirror(target, p string) (base string, ok bool) {
	if !filepath.IsAbs(target) {
		return "", false
	}
	there, here := strings.Split(filepath.ToSlash(target), "/"), strings.Split(p, "/")
	n := len(there) - len(here)
	if n < 1 {
		return "", false
	}
	for i, part := range here {
		if part != there[n+i] && (i != 1 || here[0] != outputs) {
			return "", false
		}
	}
	return strings.Join(there[:n], "/"), true
}
