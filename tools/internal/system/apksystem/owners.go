package apksystem

import (
	"fmt"
	"slices"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktree"
)

// addOwners gives to accounts what packages say is theirs by name: as apk does, by the numbers that the accounts have
// here, which may be others than where the package was built.
func addOwners(b *builder) error {
	for _, p := range b.tree.Packages {
		for _, d := range p.Dirs {
			if d.Entry != nil {
				if err := b.ownDirectory(d); err != nil {
					return err
				}
			}
			for _, e := range slices.Clone(d.Files) {
				if err := b.ownFile(p, d, e); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// owner returns who an entry's owner is here, and whether that is another than the entry's numbers say.
func (b *builder) owner(e *apkfacts.Entry) (uid, gid int, differs bool) {
	uid, gid = e.UID, e.GID
	if u, ok := b.accounts.User(e.Uname); ok {
		uid = u.UID
	}
	if g, ok := b.accounts.Group(e.Gname); ok {
		gid = g.GID
	}
	return uid, gid, uid != e.UID || gid != e.GID
}

func (b *builder) ownDirectory(d *apktree.Dir) error {
	uid, gid, differs := b.owner(d.Entry)
	dir, ok := b.tree.Directory(d.At)
	// Where packages disagree, the directory may be another one's.
	if !differs || !ok || b.initial[d.At] || dir.UID != d.Entry.UID || dir.GID != d.Entry.GID {
		return nil
	}
	dir.UID, dir.GID = uid, gid
	b.tree.SetMetadata(d.At, dir.Mode, uid, gid)
	return b.overlay.set(dir, "owner of "+d.At.String())
}

func (b *builder) ownFile(p *apktree.Package, d *apktree.Dir, shipped *apkfacts.Entry) error {
	at := d.PathOf(shipped)
	uid, gid, differs := b.owner(shipped)
	n := b.tree.Node(at)
	if !differs || b.overlay.entries[at] != nil || n == nil || n.Entry != shipped {
		return nil // right, or done under another name of the file
	}
	changed := *shipped
	changed.Path, changed.UID, changed.GID = at, uid, gid
	if b.needsBytes(p, shipped) {
		b.report.Owners = append(b.report.Owners, ReportOwner{Package: p.Facts.Name, Path: at, UID: uid, GID: gid})
		return nil
	}
	if err := b.addChanged(at, changed, "owner of "+at.String()); err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	b.tree.SetMetadata(at, changed.Mode, uid, gid)
	return nil
}

// needsBytes says whether a file's bytes are in its package only, and the package is not at hand.
func (b *builder) needsBytes(p *apktree.Package, e *apkfacts.Entry) bool {
	first, _ := p.Names(e)
	_, atHand := b.spec.Files[p.Facts.Name]
	return first != nil && first.Type == apkfacts.File && first.Size != int64(len(first.Content)) && !atHand
}
