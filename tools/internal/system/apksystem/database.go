package apksystem

import (
	"bytes"
	"fmt"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/system/apkdb"
)

// addConfig adds what etc/apk says of the system.
func addConfig(b *builder) error {
	world, err := apkdb.World(b.spec.World)
	if err != nil {
		return err
	}
	if err := b.overlay.file("etc/apk/world", world, "world"); err != nil {
		return err
	}
	if err := b.overlay.file("etc/apk/arch", apkdb.Lines([]string{b.spec.Arch}), "arch"); err != nil {
		return err
	}
	if len(b.spec.Repositories) == 0 {
		return nil
	}
	return b.overlay.file("etc/apk/repositories", apkdb.Lines(b.spec.Repositories), "repositories")
}

// addDatabase adds what apk keeps of the installed packages.
func addDatabase(b *builder) error {
	dir, err := b.databaseDir()
	if err != nil {
		return err
	}
	if b.installed, err = b.tree.Resolve(dir + "/installed"); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	var scripts bytes.Buffer
	if err := apkdb.WriteScripts(&scripts, b.facts); err != nil {
		return err
	}
	for _, f := range []struct {
		name    string
		content []byte
	}{
		{"installed", nil},
		{"scripts.tar", scripts.Bytes()},
		{"triggers", apkdb.Triggers(b.facts)},
	} {
		if err := b.overlay.file(dir+"/"+f.name, f.content, "database"); err != nil {
			return err
		}
	}
	return b.overlay.set(apkfacts.Entry{Path: dir + "/lock", Mode: 0o600}, "database")
}

// addInstalled fills in what is installed. It comes last, because it states modes and owners as they have become.
func addInstalled(b *builder) error {
	var installed bytes.Buffer
	if err := apkdb.WriteInstalled(&installed, b.tree.Packages, b.spec.Arch); err != nil {
		return err
	}
	b.overlay.entries[b.installed].Content = installed.Bytes()
	return nil
}

// databaseDir returns the folder of apk's database: lib/apk/db, or, in a distribution that has moved it, usr/lib/apk/db
// with a symlink at the old place.
func (b *builder) databaseDir() (string, error) {
	const old, moved = "lib/apk", "usr/lib/apk"
	at, err := b.tree.ResolveAll(old)
	if err != nil {
		return "", fmt.Errorf("database: %w", err)
	}
	if at != old || b.tree.Node(old) != nil || b.tree.Node(moved) == nil {
		return at + "/db", nil
	}
	link := apkfacts.Entry{Path: old, Type: apkfacts.Symlink, Mode: 0o777, Link: "../" + moved}
	return moved + "/db", b.overlay.set(link, "database")
}
