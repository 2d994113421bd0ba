package apksystem

import (
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// initial is a directory that `apk add --initdb` makes before any package is installed. It stays as it was made then:
// whatever owner and mode packages have for it, the database alone says so.
type initial struct {
	path string
	mode apkfacts.Mode
	// always: the directory is made where no package has it. Without /var, apk in the image cannot open its database.
	always bool
}

// initialDirectories leaves out /proc, over which every runtime mounts the kernel's.
func initialDirectories() []initial {
	return []initial{
		{"var", 0o755, true},
		{"tmp", 0o1777, false}, {"dev", 0o755, false}, {"etc", 0o755, false}, {"etc/apk", 0o755, false}, {"lib", 0o755, false}, {"lib/apk", 0o755, false},
		{"lib/apk/db", 0o755, false}, {"var/cache", 0o755, false}, {"var/cache/apk", 0o755, false}, {"var/cache/misc", 0o755, false},
	}
}

// addInitial makes the directories, and those that packages have what apk leaves them as. A package's link in the place
// of one stays.
func addInitial(b *builder) error {
	b.initial = map[imagepath.Path]bool{}
	for _, i := range initialDirectories() {
		e := apkfacts.Entry{Path: imagepath.Must(i.path), Type: apkfacts.Dir, Mode: i.mode}
		n := b.tree.Node(e.Path)
		if n == nil && !i.always || n != nil && !n.IsDir() {
			continue
		}
		b.initial[e.Path] = true
		dir, shipped := b.tree.Directory(e.Path)
		if n != nil && !shipped && i.mode == 0o755 || shipped && dir.Mode == i.mode && dir.UID == 0 && dir.GID == 0 {
			continue
		}
		e.Xattrs = dir.Xattrs
		if err := b.overlay.set(e, "apk --initdb"); err != nil {
			return err
		}
	}
	return nil
}
