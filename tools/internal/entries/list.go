package entries

import (
	"archive/tar"
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// List is what a build declares. Its methods take the values of flags: each source belongs to the entry before it.
type List struct{ entries []*Entry }

// Add takes an entry's JSON.
func (l *List) Add(json []byte) error {
	e, err := parse(json)
	if err != nil {
		return err
	}
	l.entries = append(l.entries, e)
	return nil
}

// File takes the file with the content of the last entry, or the folder of sources that it stands for.
func (l *List) File(path string) error { return l.set("file", file(path)) }

// Output takes what another action made for the last entry: a file with its content, or a symbolic link that is to stay
// one. Bazel knows, but says so only from release 8 on.
func (l *List) Output(path string) error { return l.set("output", output(path)) }

// Symlink takes a symbolic link that is to stay one.
func (l *List) Symlink(path string) error { return l.set("symlink", symlink(path)) }

// Tree takes the folder of a tree that another action made for the last entry. Its files follow.
func (l *List) Tree(path string) error {
	return l.set("tree", &tree{root: strings.TrimSuffix(path, "/")})
}

// InTree takes one file of the last entry's tree.
func (l *List) InTree(path string) error {
	if n := len(l.entries); n > 0 {
		if t, ok := l.entries[n-1].source.(*tree); ok {
			t.paths = append(t.paths, path)
			return nil
		}
	}
	return fmt.Errorf("want one --tree before each --in-tree")
}

func (l *List) set(flag string, s source) error {
	n := len(l.entries)
	if n == 0 || l.entries[n-1].source != nil || l.entries[n-1].Link != nil {
		return fmt.Errorf("want one --entry without link before each --%s", flag)
	}
	l.entries[n-1].source = s
	return nil
}

// Files returns everything that is declared, in the order of the paths, whatever the order of the entries. Directories
// above what is declared are not among them. A path that two entries have is an error, unless it is a directory of
// trees; so is one below what is no directory.
func (l *List) Files() ([]File, error) {
	var files []File
	for _, e := range l.entries {
		found, err := e.files()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Path, err)
		}
		files = append(files, found...)
	}
	unique := make([]File, 0, len(files))
	for _, i := range inOrder(files) {
		f := &files[i]
		if n := len(unique); n > 0 && unique[n-1].Path == f.Path {
			if unique[n-1].Type != tar.TypeDir || f.Type != tar.TypeDir {
				return nil, fmt.Errorf("two entries have the path %s, want one", f.Path.Absolute())
			}
			continue
		}
		unique = append(unique, *f)
	}
	return unique, checkParents(unique)
}

// inOrder returns the positions of files in the order of their paths, of equal ones the first first.
func inOrder(files []File) []int {
	order := make([]int, len(files))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		return cmp.Or(files[i].Path.Compare(files[j].Path), i-j)
	})
	return order
}

// checkParents fails if something lies below what is no directory: no program that unpacks the archive could put it
// there.
func checkParents(files []File) error {
	other := map[string]byte{}
	for i := range files {
		if files[i].Type != tar.TypeDir {
			other[files[i].Path.String()] = files[i].Type
		}
	}
	for i := range files {
		for above := files[i].Path.Parent(); !above.IsRoot(); above = above.Parent() {
			kind, ok := other[above.String()]
			if !ok {
				continue
			}
			what := "a file"
			if kind == tar.TypeSymlink {
				what = "a symbolic link"
			}
			return fmt.Errorf("%s lies below %s, which is %s; want a directory there, or another path",
				files[i].Path.Absolute(), above.Absolute(), what)
		}
	}
	return nil
}
