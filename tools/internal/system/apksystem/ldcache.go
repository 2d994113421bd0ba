package apksystem

import (
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
	"github.com/rules-apk/rules_apk/tools/internal/system/ldcache"
)

// glibcSoname is what glibc's own library, and nothing else, calls itself. Files called ld-linux-*.so are in images
// without glibc, too: musl's gcompat has one.
const glibcSoname = "libc.so.6"

// maxNames bounds how many hard links are followed: packages that replace each other's files can make a circle of them.
const maxNames = 40

// addLibraryCache does what glibc's ldconfig would do: etc/ld.so.cache, in place of any that a package ships, and links
// from sonames to files where packages ship none. An image whose directories of libraries have no glibc needs neither.
func addLibraryCache(b *builder) error {
	if !b.shipsGlibc() {
		return nil
	}
	dirs, err := b.libraryDirs()
	if err != nil {
		return err
	}
	l := newLibraries(b)
	seen := map[imagepath.Path]bool{}
	for _, dir := range dirs {
		at, err := b.tree.ResolveNameAll(dir)
		if err != nil || seen[at] {
			continue // ldconfig passes over it, or it is another name of the same directory
		}
		seen[at] = true
		l.add(at, dir, "")
		for _, sub := range l.hwcaps[at] {
			l.add(sub, dir+"/glibc-hwcaps/"+sub.Base(), sub.Base())
		}
	}
	if !l.glibc {
		return nil
	}
	for _, link := range l.links {
		if err := b.overlay.set(link, "ld.so.cache"); err != nil {
			return err
		}
	}
	data, err := ldcache.Encode(l.entries)
	if err != nil {
		return err
	}
	return b.overlay.file(imagepath.Must("etc/ld.so.cache"), data, "ld.so.cache")
}

// shipsGlibc says whether a package has glibc, wherever.
func (b *builder) shipsGlibc() bool {
	for _, p := range b.tree.Packages {
		for _, d := range p.Dirs {
			for _, e := range d.Files {
				if e.Library != nil && e.Library.Soname == glibcSoname {
					return true
				}
			}
		}
	}
	return false
}

// libraries collects the shared objects of directories.
type libraries struct {
	*builder
	files  map[imagepath.Path][]*apkfacts.Entry // what is in each directory, by where that is
	hwcaps map[imagepath.Path][]imagepath.Path  // what is in each directory's glibc-hwcaps, by the directory

	entries []ldcache.Entry
	links   []apkfacts.Entry
	glibc   bool
}

func newLibraries(b *builder) *libraries {
	l := &libraries{builder: b, files: map[imagepath.Path][]*apkfacts.Entry{}, hwcaps: map[imagepath.Path][]imagepath.Path{}}
	for _, p := range b.tree.Packages {
		for _, d := range p.Dirs {
			if l.files[d.At] == nil && d.At.Parent().Base() == "glibc-hwcaps" {
				of := d.At.Parent().Parent()
				l.hwcaps[of] = append(l.hwcaps[of], d.At)
			}
			l.files[d.At] = append(l.files[d.At], d.Files...)
		}
	}
	for _, subs := range l.hwcaps {
		slices.SortFunc(subs, imagepath.Path.Compare)
	}
	return l
}

// add adds the shared objects of the directory at, which programs know as dir: each soname once.
func (l *libraries) add(at imagepath.Path, dir, hwcap string) {
	byName := map[string]ldcache.Entry{}
	link := map[string]string{}
	for _, e := range l.files[at] {
		name := e.Path.Base()
		if !isLibraryName(name) {
			continue
		}
		library := l.libraryAt(at, name)
		if library == nil || !ldcache.Knows(library.Machine) {
			continue
		}
		l.glibc = l.glibc || library.Soname == glibcSoname
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
	for soname, entry := range byName {
		p, err := at.Join(soname)
		if err != nil {
			continue // no file can have the name
		}
		l.entries = append(l.entries, entry)
		if l.tree.Node(p) != nil || link[soname] == "" || strings.Contains(soname, "/") {
			continue
		}
		l.links = append(l.links, apkfacts.Entry{Path: p, Type: apkfacts.Symlink, Mode: 0o777, Link: link[soname]})
	}
}

func isLibraryName(name string) bool {
	return (strings.HasPrefix(name, "lib") || strings.HasPrefix(name, "ld-")) && strings.Contains(name, ".so")
}

// libraryAt returns what is known of the shared object of that name in a directory, through symlinks; nil if there is
// none.
func (b *builder) libraryAt(dir imagepath.Path, name string) *apkfacts.Library {
	p, err := dir.Join(name)
	for range maxNames {
		if err == nil {
			p, err = b.tree.ResolveAll(p)
		}
		if err != nil {
			return nil
		}
		n := b.tree.Node(p)
		if n == nil || n.Entry == nil {
			return nil
		}
		if n.Entry.Type != apkfacts.Hardlink {
			return n.Entry.Library
		}
		p = n.Entry.File
	}
	return nil
}
