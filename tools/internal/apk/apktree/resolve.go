package apktree

import (
	"fmt"
	"path"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// maxLinks is how many symlinks Linux follows in one path.
const maxLinks = 40

// Resolve follows the symlinks in all but the last part of a path, as the kernel would in the image's root. Parts that
// do not exist stay as they are. A loop of links is an error, and so is a file where a directory must be, or a link
// that leads to what cannot be a path in an image.
func (t *Tree) Resolve(p imagepath.Path) (imagepath.Path, error) {
	return t.resolve(p, p.String(), false)
}

// ResolveAll is Resolve that follows a symlink in the last part too.
func (t *Tree) ResolveAll(p imagepath.Path) (imagepath.Path, error) {
	return t.resolve(p, p.String(), true)
}

// ResolveName is Resolve of a name that a process in the image would use: absolute or relative to the root, with parts
// "." and "..", which leave the directory that a link before them leads to.
func (t *Tree) ResolveName(name string) (imagepath.Path, error) {
	return t.resolve(imagepath.Path{}, name, false)
}

// ResolveNameAll is ResolveName that follows a symlink in the last part too.
func (t *Tree) ResolveNameAll(name string) (imagepath.Path, error) {
	return t.resolve(imagepath.Path{}, name, true)
}

func (t *Tree) resolve(p imagepath.Path, name string, last bool) (imagepath.Path, error) {
	if len(name) > imagepath.MaxPath {
		_, err := imagepath.FromArchive(name)
		return p, err
	}
	rest := strings.Split(name, "/")
	var at imagepath.Path
	links := 0
	for len(rest) > 0 {
		part := rest[0]
		rest = rest[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			at = at.Parent()
			continue
		}
		next, err := at.Join(part)
		if err != nil {
			return at, err
		}
		n := t.nodes[next]
		switch {
		case n == nil || n.IsDir():
			at = next
		case n.Entry.Type == apkfacts.Symlink && (len(rest) > 0 || last):
			if links++; links > maxLinks {
				return at, fmt.Errorf("path %s: its symlinks lead in a circle, at %s (package %s)", name, next, t.Packages[n.Owner].Facts)
			}
			if path.IsAbs(n.Entry.Link) {
				at = imagepath.Path{}
			}
			rest = append(strings.Split(n.Entry.Link, "/"), rest...)
		case len(rest) > 0:
			return at, fmt.Errorf("path %s: %s is a file (package %s), want a directory", name, next, t.Packages[n.Owner].Facts)
		default:
			at = next
		}
	}
	return at, nil
}
