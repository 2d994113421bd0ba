package apksystem

import (
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/system/ldcache"
)

// addLibraryCache does what glibc's ldconfig would do: etc/ld.so.cache, and links from sonames to files where packages
// ship none. An image without glibc needs neither.
func addLibraryCache(b *builder) error {
	if !b.hasGlibc() {
		return nil
	}
	dirs, err := b.libraryDirs()
	if err != nil {
		return err
	}
	files := b.filesByDir()
	var entries []ldcache.Entry
	seen := map[string]bool{}
	for _, dir := range dirs {
		at, err := b.tree.ResolveAll(dir)
		if err != nil {
			return fmt.Errorf("ld.so.cache: %w", err)
		}
		if seen[at] {
			continue // another name of the same directory
		}
		seen[at] = true
		if entries, err = b.appendLibraries(entries, files, at, dir, ""); err != nil {
			return err
		}
		hwcaps := at + "/glibc-hwcaps/"
		for sub := range files {
			if name, ok := strings.CutPrefix(sub, hwcaps); ok && !strings.Contains(name, "/") {
				if entries, err = b.appendLibraries(entries, files, sub, dir+"/glibc-hwcaps/"+name, name); err != nil {
					return err
				}
			}
		}
	}
	data, err := ldcache.Encode(entries)
	if err != nil {
		return err
	}
	return b.overlay.file("etc/ld.so.cache", data, "ld.so.cache")
}

// hasGlibc looks for glibc's dynamic linker.
func (b *builder) hasGlibc() bool {
	for _, p := range b.tree.Packages {
		for _, d := range p.Dirs {
			for _, e := range d.Files {
				if strings.HasPrefix(path.Base(e.Path), "ld-linux") && strings.Contains(e.Path, "lib") {
					return true
				}
			}
		}
	}
	return false
}

// filesByDir lists what is in each directory, by where it is.
func (b *builder) filesByDir() map[string][]*apkfacts.Entry {
	files := map[string][]*apkfacts.Entry{}
	for _, p := range b.tree.Packages {
		for _, d := range p.Dirs {
			files[d.At] = append(files[d.At], d.Files...)
		}
	}
	return files
}

// libraryDirs returns the directories of etc/ld.so.conf and then the system's, as absolute paths.
func (b *builder) libraryDirs() ([]string, error) {
	dirs, err := b.readLdConf("etc/ld.so.conf", 0)
	if err != nil {
		return nil, fmt.Errorf("ld.so.cache: %w", err)
	}
	return append(dirs, "/lib", "/lib64", "/usr/lib", "/usr/lib64"), nil
}

func (b *builder) readLdConf(name string, depth int) ([]string, error) {
	at, err := b.tree.ResolveAll(name)
	if err != nil {
		return nil, err
	}
	n := b.tree.Node(at)
	if n == nil || n.Entry == nil || n.Entry.Type != apkfacts.File {
		return nil, nil
	}
	if n.Entry.Size != int64(len(n.Entry.Content)) {
		return nil, fmt.Errorf("%s: only etc/ld.so.conf and what is in etc/ld.so.conf.d is known", name)
	}
	var dirs []string
	for line := range strings.Lines(string(n.Entry.Content)) {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		pattern, include := strings.CutPrefix(line, "include ")
		switch {
		case include && depth < 10:
			more, err := b.includeLdConf(name, strings.TrimSpace(pattern), depth+1)
			if err != nil {
				return nil, err
			}
			dirs = append(dirs, more...)
		case strings.HasPrefix(line, "/"):
			dirs = append(dirs, path.Clean(line))
		}
	}
	return dirs, nil
}

// includeLdConf reads the files that an include line's pattern matches, in the order of their names.
func (b *builder) includeLdConf(from, pattern string, depth int) ([]string, error) {
	if !path.IsAbs(pattern) {
		pattern = path.Join(path.Dir(from), pattern)
	}
	pattern = strings.TrimPrefix(pattern, "/")
	var names []string
	for _, p := range b.tree.Packages {
		for _, d := range p.Dirs {
			for _, e := range d.Files {
				if ok, err := path.Match(pattern, e.Path); err == nil && ok {
					names = append(names, e.Path)
				}
			}
		}
	}
	slices.Sort(names)
	var dirs []string
	for _, name := range slices.Compact(names) {
		more, err := b.readLdConf(name, depth)
		if err != nil {
			return nil, err
		}
		dirs = append(dirs, more...)
	}
	return dirs, nil
}

// appendLibraries adds the shared objects of the directory at, which programs know as dir: each soname once.
func (b *builder) appendLibraries(entries []ldcache.Entry, files map[string][]*apkfacts.Entry, at, dir, hwcap string) ([]ldcache.Entry, error) {
	byName := map[string]ldcache.Entry{}
	link := map[string]string{}
	for _, e := range files[at] {
		name := path.Base(e.Path)
		if !isLibraryName(name) {
			continue
		}
		library := b.libraryAt(path.Join(at, name))
		if library == nil || !ldcache.Knows(library.Machine) {
			continue
		}
		soname := library.Soname
		// A link for the compile-time linker, libx.so, is listed under its own name.
		if soname == "" || e.Type == apkfacts.Symlink && strings.HasSuffix(name, ".so") {
			soname = name
		}
		byName[soname] = ldcache.Entry{Soname: soname, Path: dir + "/" + soname, Hwcap: hwcap, Machine: library.Machine}
		if e.Type != apkfacts.Symlink && (link[soname] == "" || link[soname] < name) {
			link[soname] = name
		}
	}
	var sonames []string
	for soname := range byName {
		sonames = append(sonames, soname)
	}
	sort.Strings(sonames)
	for _, soname := range sonames {
		entries = append(entries, byName[soname])
		p := path.Join(at, soname)
		if b.tree.Node(p) != nil || link[soname] == "" || strings.Contains(soname, "/") {
			continue
		}
		e := apkfacts.Entry{Path: p, Type: apkfacts.Symlink, Mode: 0o777, Link: link[soname]}
		if err := b.overlay.set(e, "ld.so.cache"); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

func isLibraryName(name string) bool {
	return (strings.HasPrefix(name, "lib") || strings.HasPrefix(name, "ld-")) && strings.Contains(name, ".so")
}

// libraryAt returns what is known of the shared object at a path, through symlinks; nil if there is none.
func (b *builder) libraryAt(p string) *apkfacts.Library {
	at, err := b.tree.ResolveAll(p)
	if err != nil {
		return nil
	}
	n := b.tree.Node(at)
	if n == nil || n.Entry == nil {
		return nil
	}
	if n.Entry.Type == apkfacts.Hardlink {
		return b.libraryAt(n.Entry.Link)
	}
	return n.Entry.Library
}
