// Package filetree compares two folders as root file systems: types, contents, modes, owners, links and attributes.
package filetree

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Tree is a line of text for each path: everything about the file but its times.
type Tree map[string]string

// Read reads the tree below root.
func Read(t testing.TB, root string) Tree {
	t.Helper()
	tree := Tree{}
	inodes := map[uint64]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil || rel == "." {
			return err
		}
		line, err := describe(path, rel, inodes)
		tree[rel] = line
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func describe(path, rel string, inodes map[uint64]string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	stat := info.Sys().(*syscall.Stat_t)
	line := fmt.Sprintf("%v %d:%d", info.Mode(), stat.Uid, stat.Gid)
	switch info.Mode().Type() {
	case 0:
		sum, err := digest(path)
		if err != nil {
			return "", err
		}
		line += " sha256:" + sum
		if stat.Nlink > 1 {
			if first, ok := inodes[stat.Ino]; ok {
				line += " = " + first
			} else {
				inodes[stat.Ino] = rel
			}
		}
	case fs.ModeSymlink:
		target, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		line += " -> " + target
	case fs.ModeDevice, fs.ModeDevice | fs.ModeCharDevice:
		line += fmt.Sprintf(" device %d:%d", unix.Major(stat.Rdev), unix.Minor(stat.Rdev))
	}
	attributes, err := xattrs(path)
	return line + attributes, err
}

func digest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return fmt.Sprintf("%x", h.Sum(nil)), err
}

func xattrs(path string) (string, error) {
	buf := make([]byte, 4096)
	n, err := unix.Llistxattr(path, buf)
	if err != nil {
		return "", nil // the file system has none
	}
	names := strings.Split(strings.TrimSuffix(string(buf[:n]), "\x00"), "\x00")
	slices.Sort(names)
	out := ""
	for _, name := range names {
		if name == "" {
			continue
		}
		value := make([]byte, 4096)
		n, err := unix.Lgetxattr(path, name, value)
		if err != nil {
			return "", fmt.Errorf("%s: attribute %s: %w", path, name, err)
		}
		out += fmt.Sprintf(" %s=%x", name, value[:n])
	}
	return out, nil
}

// Diff returns a line for each path on which the trees differ, but for those that ignore says yes to.
func Diff(got, want Tree, ignore func(path, got, want string) bool) []string {
	all := maps.Clone(got)
	maps.Copy(all, want)
	var diff []string
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if got[path] != want[path] && !ignore(path, got[path], want[path]) {
			diff = append(diff, fmt.Sprintf("%s:\n  got  %s\n  want %s", path, orNothing(got[path]), orNothing(want[path])))
		}
	}
	return diff
}

func orNothing(line string) string {
	if line == "" {
		return "nothing"
	}
	return line
}
