package apksystem

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
	"github.com/rules-apk/rules_apk/tools/internal/jsondoc"
)

// Path is one path that the image declares, over what its packages have.
type Path struct {
	// Type is "directory", "empty-file", "file", "symlink", "hardlink" or "permissions".
	Type string `json:"type"`
	Path string `json:"path"` // the slash in front may be left out
	// Mode is in octal: "0755" for a directory and "0644" for a file if empty.
	Mode string `json:"mode,omitempty"`
	// User and Group are names of accounts, or numbers; root if empty. In "permissions" what is empty stays.
	User  string `json:"user,omitempty"`
	Group string `json:"group,omitempty"`
	// Source is the target of a symlink or hard link.
	Source string `json:"source,omitempty"`
	// Content is what a "file" holds. It is not in the JSON: the caller reads it from a file.
	Content []byte `json:"-"`
}

// ParsePath reads one path's JSON; unknown fields are errors.
func ParsePath(data []byte) (Path, error) {
	var p Path
	if err := jsondoc.Parse(data, &p); err != nil {
		return p, fmt.Errorf("path: %w", err)
	}
	return p, nil
}

// declaration is what may be said of a path once: what is there, or its permissions.
type declaration struct {
	at          imagepath.Path
	permissions bool
}

// addPaths adds the declared paths in their order.
func addPaths(b *builder) error {
	seen := map[declaration]bool{}
	for _, p := range b.spec.Paths {
		if err := b.addPath(p, seen); err != nil {
			return fmt.Errorf("path %s: %w", p.Path, err)
		}
	}
	return nil
}

func (b *builder) addPath(p Path, seen map[declaration]bool) error {
	name, err := declaredPath(p.Path)
	if err != nil {
		return err
	}
	at, err := b.tree.Resolve(name)
	if err != nil {
		return err
	}
	// Permissions may be changed of what is declared, but only once.
	key := declaration{at, p.Type == "permissions"}
	if seen[key] {
		return fmt.Errorf("it is declared twice; keep one")
	}
	seen[key] = true
	if err := b.overlay.checkParents(at); err != nil {
		return err
	}
	e := apkfacts.Entry{Path: at}
	if e.UID, err = b.userID(p.User); err != nil {
		return err
	}
	if e.GID, err = b.groupID(p.Group); err != nil {
		return err
	}
	if p.Source != "" && p.Type != "symlink" && p.Type != "hardlink" {
		return fmt.Errorf("type is %q, which takes no source", p.Type)
	}
	there := b.at(at)
	switch p.Type {
	case "directory":
		e.Type = apkfacts.Dir
		e.Mode, err = mode(p.Mode, 0o755)
	case "empty-file", "file":
		e.Content = p.Content
		e.Mode, err = mode(p.Mode, 0o644)
	case "symlink":
		if p.Source == "" {
			return fmt.Errorf("it is a symlink without source")
		}
		e.Type, e.Mode, e.Link = apkfacts.Symlink, 0o777, p.Source
	case "hardlink":
		return b.addHardlink(e, p)
	case "permissions":
		return b.addPermissions(e, p, there)
	default:
		return fmt.Errorf("type is %q, want directory, empty-file, file, symlink, hardlink or permissions", p.Type)
	}
	if err != nil {
		return err
	}
	if there != nil && (there.Type == apkfacts.Dir) != (e.Type == apkfacts.Dir) {
		return fmt.Errorf("it is declared as %s, but there is a %s already", p.Type, typeName(there.Type))
	}
	if e.Type != apkfacts.Dir {
		if err := b.overlay.checkBelow(at); err != nil {
			return err
		}
	} else if there != nil {
		b.tree.SetMetadata(at, e.Mode, e.UID, e.GID)
	}
	return b.overlay.set(e, "path "+p.Path)
}

// at returns what is at a path so far, nil for nothing.
func (b *builder) at(p imagepath.Path) *apkfacts.Entry {
	if e := b.overlay.entries[p]; e != nil {
		return e
	}
	n := b.tree.Node(p)
	if n == nil {
		return nil
	}
	if dir, ok := b.tree.Directory(p); ok {
		return &dir
	}
	if n.Entry == nil {
		return &apkfacts.Entry{Path: p, Type: apkfacts.Dir, Mode: 0o755}
	}
	return n.Entry
}

func (b *builder) addHardlink(e apkfacts.Entry, p Path) error {
	source, err := declaredPath(p.Source)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	if source, err = b.tree.Resolve(source); err != nil {
		return err
	}
	if own := b.overlay.entries[source]; own != nil && own.Type == apkfacts.Hardlink {
		source = own.File
	}
	target := b.at(source)
	if target == nil || target.Type == apkfacts.Dir {
		return fmt.Errorf("its source %s is no file of the image", p.Source)
	}
	if p.Mode != "" || p.User != "" || p.Group != "" {
		return fmt.Errorf("it is a hard link, whose mode and owner are those of its source")
	}
	if there := b.at(e.Path); there != nil && there.Type == apkfacts.Dir {
		return fmt.Errorf("it is declared as hardlink, but there is a dir already")
	}
	if err := b.overlay.checkBelow(e.Path); err != nil {
		return err
	}
	if b.overlay.entries[source] == nil {
		// Not every runtime sees the layers below while it unpacks one: both names have to be in the same.
		same := *target
		same.Path = source
		if err := b.addChanged(source, same, "path "+p.Path); err != nil {
			return fmt.Errorf("source: %w", err)
		}
	}
	e.Type, e.File = apkfacts.Hardlink, source
	e.Mode, e.UID, e.GID = target.Mode, target.UID, target.GID
	return b.overlay.set(e, "path "+p.Path)
}

// declaredPath takes a path as people write it: with or without a slash in front, and one too many forgiven.
func declaredPath(name string) (imagepath.Path, error) {
	if slices.Contains(strings.Split(name, "/"), "..") {
		return imagepath.Parse(strings.TrimLeft(name, "/"))
	}
	clean := strings.TrimPrefix(path.Clean("/"+name), "/")
	if clean == "" {
		return imagepath.Path{}, fmt.Errorf("want a path below the root")
	}
	return imagepath.Parse(clean)
}

func mode(s string, byDefault apkfacts.Mode) (apkfacts.Mode, error) {
	if s == "" {
		return byDefault, nil
	}
	n, err := strconv.ParseUint(s, 8, 12)
	if err != nil {
		return 0, fmt.Errorf("mode is %q, want octal digits up to 7777", s)
	}
	return apkfacts.Mode(n), nil
}

func (b *builder) userID(name string) (int, error) {
	if name == "" {
		return 0, nil
	}
	if u, ok := b.accounts.User(name); ok {
		return u.UID, nil
	}
	n, err := strconv.ParseUint(name, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("user is %q, which neither a package nor the image's accounts define; define it, or give a number", name)
	}
	return int(n), nil
}

func (b *builder) groupID(name string) (int, error) {
	if name == "" {
		return 0, nil
	}
	if g, ok := b.accounts.Group(name); ok {
		return g.GID, nil
	}
	n, err := strconv.ParseUint(name, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("group is %q, which neither a package nor the image's accounts define; define it, or give a number", name)
	}
	return int(n), nil
}

func typeName(t apkfacts.Type) string {
	if t == apkfacts.File {
		return "file"
	}
	return string(t)
}
