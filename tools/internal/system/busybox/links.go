// Package busybox lists the applet links that busybox's install scripts would make.
package busybox

import (
	"path"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktree"
)

// Link is a symbolic link to make.
type Link struct{ Path, Target string }

// suidApplets are those of Alpine's bin/bbsuid, compiled into it.
func suidApplets() []string {
	return []string{
		"bin/mount", "bin/umount", "bin/su", "usr/bin/crontab", "usr/bin/passwd",
		"usr/bin/traceroute", "usr/bin/traceroute6", "usr/bin/vlock",
	}
}

// Links returns the links that are missing from a tree, sorted by path: what busybox's trigger would make, which runs
// `bbsuid --install`, `busybox-extras --install -s` and `busybox --install -s`. A path that a package has is left alone.
func Links(t *apktree.Tree) []Link {
	var out []Link
	taken := map[string]bool{}
	add := func(binary string, applets []string) {
		for _, applet := range applets {
			// The place, not the name, counts: usr/bin/ls is bin/ls where bin is a link to usr/bin.
			at, err := t.Resolve(applet)
			if err != nil || taken[at] || t.Node(at) != nil {
				continue
			}
			taken[at] = true
			out = append(out, Link{Path: at, Target: "/" + binary})
		}
	}
	if t.Node("bin/bbsuid") != nil {
		add("bin/bbsuid", suidApplets())
	}
	// Extras come first: where both have an applet, busybox finds the link there already.
	lists := appletLists(t)
	slices.SortFunc(lists, func(a, b list) int { return strings.Compare(path.Base(b.binary), path.Base(a.binary)) })
	for _, l := range lists {
		add(l.binary, l.applets)
	}
	slices.SortFunc(out, func(a, b Link) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// Knows says whether Links makes all links of a program, given by the last part of its name: whether its applets are known.
func Knows(t *apktree.Tree, program string) bool {
	if program == "bbsuid" {
		return t.Node("bin/bbsuid") != nil
	}
	return slices.ContainsFunc(appletLists(t), func(l list) bool { return path.Base(l.binary) == program })
}

// list is the applets of one program.
type list struct {
	binary  string
	applets []string
}

// appletLists returns those of the packages' files, as Alpine and Wolfi have them, and those of programs without such a file.
func appletLists(t *apktree.Tree) []list {
	var lists []list
	for _, p := range t.Packages {
		for _, d := range p.Dirs {
			for _, e := range d.Files {
				if d.Path == apkfacts.AppletLists {
					if binary := findBinary(t, path.Base(e.Path)); binary != "" {
						lists = append(lists, list{binary, applets(e.Content)})
					}
				} else if len(e.Applets) > 0 {
					lists = append(lists, list{path.Join(d.At, path.Base(e.Path)), e.Applets})
				}
			}
		}
	}
	return lists
}

func findBinary(t *apktree.Tree, name string) string {
	for _, dir := range []string{"bin", "usr/bin"} {
		if p := path.Join(dir, name); t.Node(p) != nil {
			return p
		}
	}
	return ""
}

func applets(list []byte) []string {
	var out []string
	for line := range strings.Lines(string(list)) {
		if p := strings.Trim(strings.TrimSpace(line), "/"); p != "" {
			out = append(out, p)
		}
	}
	return out
}
