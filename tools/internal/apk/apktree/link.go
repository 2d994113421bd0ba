package apktree

import (
	"fmt"
	"path"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
)

// links are the symlinks at paths where other packages have directories, by path.
type links map[string]link

type link struct {
	target string
	pkg    int
}

// clashingLinks finds them before anything is put together: an archive's layer would hide the link or the directory,
// whichever of the two packages is installed first.
func clashingLinks(packages []*apkfacts.Facts) links {
	symlinks := links{}
	for i, f := range packages {
		for n := range f.Entries {
			if e := &f.Entries[n]; e.Type == apkfacts.Symlink {
				symlinks[e.Path] = link{e.Link, i}
			}
		}
	}
	clashing := links{}
	seen := map[string]bool{}
	for _, f := range packages {
		for n := range f.Entries {
			dir := f.Entries[n].Path
			if f.Entries[n].Type != apkfacts.Dir {
				dir = parent(dir)
			}
			for ; dir != "" && !seen[dir]; dir = parent(dir) {
				seen[dir] = true
				if l, ok := symlinks[dir]; ok {
					clashing[dir] = l
				}
			}
		}
	}
	return clashing
}

// follow returns where the directory p is. by is the package of the first symlink on the way.
func (l links) follow(p string) (at string, by int, err error) {
	by = -1
	if len(l) == 0 {
		return p, by, nil
	}
	at = p
	for n := 0; ; n++ {
		prefix, rest, found := l.first(at)
		if !found {
			return at, by, nil
		}
		if n == maxLinks {
			return "", by, fmt.Errorf("directory %s: its symlinks lead in a circle, at %s", p, prefix)
		}
		if by < 0 {
			by = l[prefix].pkg
		}
		target := l[prefix].target
		if !path.IsAbs(target) {
			target = path.Join(parent(prefix), target)
		}
		// What leads above the root stays at the root, as in a chroot.
		at = strings.TrimPrefix(path.Join(path.Clean("/"+target), rest), "/")
	}
}

// first returns the shortest prefix of p that is a link.
func (l links) first(p string) (prefix, rest string, found bool) {
	for i := 0; i <= len(p); i++ {
		if i < len(p) && p[i] != '/' {
			continue
		}
		if _, ok := l[p[:i]]; ok {
			return p[:i], p[i:], true
		}
	}
	return "", "", false
}
