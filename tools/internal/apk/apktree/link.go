package apktree

import (
	"fmt"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// links are the symlinks at paths where other packages have directories, by path.
type links map[imagepath.Path]link

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
	seen := map[imagepath.Path]bool{}
	for _, f := range packages {
		for n := range f.Entries {
			dir := f.Entries[n].Path
			if f.Entries[n].Type != apkfacts.Dir {
				dir = dir.Parent()
			}
			for ; !dir.IsRoot() && !seen[dir]; dir = dir.Parent() {
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
func (l links) follow(p imagepath.Path) (at imagepath.Path, by int, err error) {
	by = -1
	if len(l) == 0 {
		return p, by, nil
	}
	at = p
	for n := 0; ; n++ {
		prefix, found := l.first(at)
		if !found {
			return at, by, nil
		}
		if n == maxLinks {
			return at, by, fmt.Errorf("directory %s: its symlinks lead in a circle, at %s", p, prefix)
		}
		if by < 0 {
			by = l[prefix].pkg
		}
		rest, below := at.Rel(prefix)
		if at, err = prefix.Resolve(l[prefix].target); err == nil && below {
			at, err = at.Join(rest.String())
		}
		if err != nil {
			return at, by, fmt.Errorf("directory %s: its symlink %s: %w", p, prefix, err)
		}
	}
}

// first returns the topmost of p and the directories that it is in that is a link.
func (l links) first(p imagepath.Path) (link imagepath.Path, found bool) {
	for ; !p.IsRoot(); p = p.Parent() {
		if _, ok := l[p]; ok {
			link, found = p, true
		}
	}
	return link, found
}
