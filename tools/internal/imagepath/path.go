// Package imagepath has the one type for a path inside an image. Whatever names a file, a directory or a link of an
// image, be it a package, a build file, a script or a list, becomes a Path before it is used, so that no name can hide
// what is in the image, lie outside of it, or forge lines of a file that lists it.
package imagepath

import (
	"fmt"
	"path"
	"strings"
)

// Limits on names. Those on parts and paths are Linux's NAME_MAX and PATH_MAX; no package has a tree of MaxParts
// levels.
const (
	MaxPart  = 255  // bytes of one part
	MaxPath  = 4096 // bytes of a path
	MaxParts = 256  // parts of a path
)

// Whiteout is how parts of a layer's paths begin that say what is removed; layer.md of the image specification has it.
const Whiteout = ".wh."

// Path is where something is in an image, relative to the image's root: "usr/bin/hello". Only this package makes one,
// so it is clean, within the limits, and has neither control characters nor whiteouts. The zero Path is the root
// itself. Paths are equal if they are the same path.
type Path struct{ rel string }

// Parse takes a clean relative path such as "usr/bin/hello". The error is an *Error. The root has no name: see
// FromArchive.
func Parse(name string) (Path, error) {
	return parseAs(name, name)
}

// Must is Parse of a path that the program itself names. It panics where that is none.
func Must(literal string) Path {
	p, err := Parse(literal)
	if err != nil {
		panic(err)
	}
	return p
}

// ParseAbsolute takes a clean absolute path such as "/usr/bin/hello". The root "/" is none.
func ParseAbsolute(name string) (Path, error) {
	rel, ok := strings.CutPrefix(name, "/")
	if !ok {
		return Path{}, &Error{Name: name, Rule: "is relative; want an absolute path"}
	}
	return parseAs(name, rel)
}

// FromArchive takes the name of an archive's entry, in which directories end in a slash and the root is ".".
func FromArchive(name string) (Path, error) {
	rel := strings.TrimSuffix(name, "/")
	if rel == "." {
		return Path{}, nil
	}
	return parseAs(name, rel)
}

// parseAs is Parse of rel with an error that shows the name as it was written.
func parseAs(name, rel string) (Path, error) {
	if rule := broken(rel); rule != "" {
		return Path{}, &Error{Name: name, Rule: rule}
	}
	return Path{rel}, nil
}

// Error says why a name cannot be a path in an image.
type Error struct {
	Name string
	Rule string // the rule that it breaks: "has a control character; …"
}

func (e *Error) Error() string {
	const most = 120
	if len(e.Name) > most {
		return fmt.Sprintf("path %q… (%d bytes) %s", e.Name[:most], len(e.Name), e.Rule)
	}
	return fmt.Sprintf("path %q %s", e.Name, e.Rule)
}

// broken returns the rule that a relative path breaks, or "". It takes no memory in proportion to the name.
func broken(name string) string {
	switch {
	case name == "":
		return "is empty; want one such as usr/bin/hello"
	case name[0] == '/':
		return "is absolute; want one relative to the root of the image"
	case len(name) > MaxPath:
		return fmt.Sprintf("is longer than %d bytes", MaxPath)
	case strings.Count(name, "/") >= MaxParts:
		return fmt.Sprintf("has more than %d parts", MaxParts)
	}
	for i := 0; i < len(name); i++ {
		if name[i] < 0x20 || name[i] == 0x7f {
			return fmt.Sprintf("has the control character 0x%02x; want a name without", name[i])
		}
	}
	for part := range strings.SplitSeq(name, "/") {
		if rule := brokenPart(part); rule != "" {
			return rule
		}
	}
	return ""
}

func brokenPart(part string) string {
	switch {
	case part == "":
		return "has an empty part; want one slash between parts and none at the end"
	case part == "." || part == "..":
		return fmt.Sprintf("has the part %q; want a path without", part)
	case strings.HasPrefix(part, Whiteout):
		return fmt.Sprintf("has a part that starts with %q, which in a layer says that something is removed; want another name", Whiteout)
	case len(part) > MaxPart:
		return fmt.Sprintf("has a part of more than %d bytes", MaxPart)
	}
	return ""
}

// String returns the path relative to the root, "." for the root.
func (p Path) String() string {
	if p.rel == "" {
		return "."
	}
	return p.rel
}

// Absolute returns the path as processes in the image know it: "/usr/bin/hello".
func (p Path) Absolute() string { return "/" + p.rel }

// IsRoot says whether the path is the root of the image.
func (p Path) IsRoot() bool { return p.rel == "" }

// Base returns the last part, "" of the root.
func (p Path) Base() string { return p.rel[strings.LastIndexByte(p.rel, '/')+1:] }

// Parent returns the directory that the path is in. That of the root is the root.
func (p Path) Parent() Path {
	if i := strings.LastIndexByte(p.rel, '/'); i >= 0 {
		return Path{p.rel[:i]}
	}
	return Path{}
}

// Join returns what name, a relative path, is below p.
func (p Path) Join(name string) (Path, error) {
	if p.rel == "" {
		return Parse(name)
	}
	return Parse(p.rel + "/" + name)
}

// Rel returns the path relative to dir; it is not ok for one that is not below dir.
func (p Path) Rel(dir Path) (rel Path, ok bool) {
	if dir.rel == "" {
		return p, p.rel != ""
	}
	name, ok := strings.CutPrefix(p.rel, dir.rel+"/")
	return Path{name}, ok
}

// In says whether the path is dir or below it.
func (p Path) In(dir Path) bool {
	_, below := p.Rel(dir)
	return below || p == dir
}

// Resolve returns where a link at p with the given target leads if nothing on the way is another link: an absolute
// target begins at the root, and what leads above the root stays there, as in a chroot.
func (p Path) Resolve(target string) (Path, error) {
	if !path.IsAbs(target) {
		target = path.Join("/", p.Parent().rel, target)
	}
	rel := path.Clean(target)[1:]
	if rel == "" {
		return Path{}, nil
	}
	return Parse(rel)
}

// Compare orders paths as their texts: it is negative if p comes before q.
func (p Path) Compare(q Path) int { return strings.Compare(p.rel, q.rel) }

// CompareParts orders paths part by part: "etc/a" comes before "etc-b", and a directory before what is in it.
func (p Path) CompareParts(q Path) int {
	a, b := p.rel, q.rel
	n := min(len(a), len(b))
	for i := range n {
		switch x, y := a[i], b[i]; {
		case x == y:
		case x == '/':
			return -1
		case y == '/':
			return 1
		case x < y:
			return -1
		default:
			return 1
		}
	}
	return len(a) - len(b)
}
