package apksystem

import (
	"fmt"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// addPermissions changes mode and owner of what is there. A package's own layer stays as it is: what is changed is in
// the system layer once more.
func (b *builder) addPermissions(e apkfacts.Entry, p Path, there *apkfacts.Entry) error {
	if there == nil {
		return fmt.Errorf("nothing is there whose permissions could be changed")
	}
	if p.Mode == "" && p.User == "" && p.Group == "" {
		return fmt.Errorf("its permissions are declared, but neither mode nor user nor group; want at least one")
	}
	at := e.Path
	_, own := b.overlay.entries[at]
	switch {
	case there.Type == apkfacts.Symlink:
		return fmt.Errorf("it is a symlink to %s, which has no permissions of its own; name what it leads to", there.Link)
	case own && there.Type == apkfacts.Hardlink:
		return fmt.Errorf("it is a hard link, whose permissions are those of %s; name that", there.File)
	}
	changed := *there
	changed.Path = at
	var err error
	if changed.Mode, err = mode(p.Mode, there.Mode); err != nil {
		return err
	}
	if p.User != "" {
		changed.UID = e.UID
	}
	if p.Group != "" {
		changed.GID = e.GID
	}
	why := "path " + p.Path
	if source, ok := b.overlay.sources[at]; ok {
		if err := b.overlay.set(changed, why); err != nil {
			return err
		}
		b.overlay.sources[at] = source
	} else if own || there.Type == apkfacts.Dir {
		if err := b.overlay.set(changed, why); err != nil {
			return err
		}
	} else if err := b.addChanged(at, changed, why); err != nil {
		return err
	}
	b.tree.SetMetadata(at, changed.Mode, changed.UID, changed.GID)
	return nil
}

// addChanged puts a package's file into the layer with other permissions, under all of its names: they are of the file,
// not of a name.
func (b *builder) addChanged(at imagepath.Path, changed apkfacts.Entry, why string) error {
	n := b.tree.Node(at)
	owner := b.tree.Packages[n.Owner]
	first, others := owner.Names(n.Entry)
	if first == nil {
		return fmt.Errorf("it is a hard link to %s, which package %s does not have", n.Entry.File, owner.Facts)
	}
	// Of a symlink it is the target, of a hard link nothing: the entry has the file itself.
	changed.Type, changed.Link, changed.File, changed.Size, changed.Content = first.Type, first.Link, first.File, first.Size, first.Content
	if err := b.overlay.set(changed, why); err != nil {
		return err
	}
	if first.Type == apkfacts.File && first.Size != int64(len(first.Content)) {
		file, ok := b.spec.Files[owner.Facts.Name]
		if !ok {
			return fmt.Errorf("it is a file of package %s, whose bytes are needed; want --package=%s and --apk of that package", owner.Facts, owner.Facts.Name)
		}
		b.overlay.sources[at] = source{facts: owner.Facts, entry: first, file: file}
	}
	for _, other := range others {
		if other == at {
			continue
		}
		link := apkfacts.Entry{Path: other, Type: apkfacts.Hardlink, Mode: changed.Mode, UID: changed.UID, GID: changed.GID, File: at}
		if err := b.overlay.set(link, why); err != nil {
			return err
		}
		b.tree.SetMetadata(other, changed.Mode, changed.UID, changed.GID)
	}
	return nil
}
