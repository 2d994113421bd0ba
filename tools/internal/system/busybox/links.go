// Package busybox lists the applet links that busybox's install scripts would make.
package busybox

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktree"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// Link is a symbolic link to make.
type Link struct {
	Path   imagepath.Path
	Target string
}

// suidApplets are those of Alpine's bin/bbsuid, compiled into it.
func suidApplets() []string {
	return []string{
		"bin/mount", "bin/umount", "bin/su", "usr/bin/crontab", "usr/bin/passwd",
		"usr/bin/traceroute", "usr/bin/traceroute6", "usr/bin/vlock",
	}
}

// Applets are the programs of a tree that have applets.
type Applets struct {
	tree  *apktree.Tree
	suid  imagepath.Path // bbsuid; the root if there is none
	lists []list
}

// list is the applets of one program.
type list struct {
	binary  imagepath.Path
	applets []imagepath.Path
}

// Read finds the programs: those of which packages have lists, as in Alpine and Wolfi, and those without such a file. A
// list with a line that cannot be a path in an image is an error.
func Read(t *apktree.Tree) (*Applets, error) {
	a := &Applets{tree: t}
	if suid := imagepath.Must("bin/bbsuid"); t.Node(suid) != nil {
		a.suid = suid
	}
	for _, p := range t.Packages {
		for _, d := range p.Dirs {
			for _, e := range d.Files {
				if d.Path.String() == apkfacts.AppletLists {
					applets, err := parse(e.Content)
					if err != nil {
						return nil, fmt.Errorf("package %s: %s: %w", p.Facts, e.Path, err)
					}
					if binary, ok := findBinary(t, e.Path.Base()); ok {
						a.lists = append(a.lists, list{binary, applets})
					}
				} else if len(e.Applets) > 0 {
					a.lists = append(a.lists, list{d.PathOf(e), e.Applets})
				}
			}
		}
	}
	return a, nil
}

// Links returns the links that are missing from the tree, sorted by path: what busybox's trigger would make, which runs
// `bbsuid --install`, `busybox-extras --install -s` and `busybox --install -s`. A path that a package has is left
// alone.
func (a *Applets) Links() []Link {
	var out []Link
	taken := map[imagepath.Path]bool{}
	add := func(binary imagepath.Path, applet imagepath.Path) {
		// The place, not the name, counts: usr/bin/ls is bin/ls where bin is a link to usr/bin.
		at, err := a.tree.Resolve(applet)
		if err != nil || taken[at] || a.tree.Node(at) != nil {
			return
		}
		taken[at] = true
		out = append(out, Link{Path: at, Target: binary.Absolute()})
	}
	if !a.suid.IsRoot() {
		for _, name := range suidApplets() {
			add(a.suid, imagepath.Must(name))
		}
	}
	// Extras come first: where both have an applet, busybox finds the link there already.
	lists := slices.Clone(a.lists)
	slices.SortFunc(lists, func(a, b list) int { return strings.Compare(b.binary.Base(), a.binary.Base()) })
	for _, l := range lists {
		for _, applet := range l.applets {
			add(l.binary, applet)
		}
	}
	slices.SortFunc(out, func(a, b Link) int { return a.Path.Compare(b.Path) })
	return out
}

// Knows says whether Links makes all links of a program, given by the last part of its name: whether its applets are
// known.
func (a *Applets) Knows(program string) bool {
	if program == "bbsuid" {
		return !a.suid.IsRoot()
	}
	return slices.ContainsFunc(a.lists, func(l list) bool { return l.binary.Base() == program })
}

func findBinary(t *apktree.Tree, name string) (imagepath.Path, bool) {
	for _, dir := range []string{"bin/", "usr/bin/"} {
		if p, err := imagepath.Parse(dir + name); err == nil && t.Node(p) != nil {
			return p, true
		}
	}
	return imagepath.Path{}, false
}

// parse reads a list: one path a line, with or without a slash in front.
func parse(text []byte) ([]imagepath.Path, error) {
	var out []imagepath.Path
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		name := strings.Trim(strings.TrimSpace(line), "/")
		if name == "" {
			continue
		}
		p, err := imagepath.Parse(name)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		out = append(out, p)
	}
	return out, nil
}
