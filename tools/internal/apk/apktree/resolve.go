package apktree

import (
	"fmt"
	"path"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
)

// maxLinks is how many symlinks Linux follows in one path.
const maxLinks = 40

// Resolve follows the symlinks in all but the last part of a path, as the kernel would in the image's root. Parts that
// do not exist stay as they are. A loop of links is an error, and so is a file where a directory must be.
func (t *Tree) Resolve(p string) (string, error) { return t.resolve(p, false) }

// ResolveAll is Resolve that follows a symlink in the last part too.
func (t *Tree) ResolveAll(p string) (string, error) { return t.resolve(p, true) }

func (t *Tree) resolve(p string, last bool) (string, error) {
	rest := strings.Split(p, "/")
	at, links := "", 0
	for len(rest) > 0 {
		part := rest[0]
		rest = rest[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			at = parent(at)
			continue
		}
		next := path.Join(at, part)
		n := t.nodes[next]
		switch {
		case n == nil || n.IsDir():
			at = next
		case n.Entry.Type == apkfacts.Symlink && (len(rest) > 0 || last):
			if links++; links > maxLinks {
				return "", fmt.Errorf("path %s: its symlinks lead in a circle, at %s (package %s)", p, next, t.Packages[n.Owner].Facts)
			}
			if path.IsAbs(n.Entry.Link) {
				at = ""
			}
			rest = append(strings.Split(n.Entry.Link, "/"), rest...)
		case len(rest) > 0:
			return "", fmt.Errorf("path %s: %s is a file (package %s), want a directory", p, next, t.Packages[n.Owner].Facts)
		default:
			at = next
		}
	}
	return at, nil
}
