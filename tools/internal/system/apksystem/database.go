package apksystem

import (
	"bytes"
	"fmt"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
	"github.com/rules-apk/rules_apk/tools/internal/system/apkdb"
)

// addConfig adds what etc/apk says of the system.
func addConfig(b *builder) error {
	world, err := apkdb.World(b.spec.World)
	if err != nil {
		return err
	}
	if err := b.overlay.file(imagepath.Must("etc/apk/world"), world, "world"); err != nil {
		return err
	}
	if err := b.addLines("etc/apk/arch", []string{b.spec.Arch}, "arch"); err != nil || len(b.spec.Repositories) == 0 {
		return err
	}
	return b.addLines("etc/apk/repositories", b.spec.Repositories, "repositories")
}

func (b *builder) addLines(file string, lines []string, why string) error {
	content, err := apkdb.Lines(lines)
	if err != nil {
		return fmt.Errorf("%s: %w", why, err)
	}
	return b.overlay.file(imagepath.Must(file), content, why)
}

// addDatabase adds what apk keeps of the installed packages.
func addDatabase(b *builder) error {
	dir, err := b.databaseDir()
	if err != nil {
		return err
	}
	var scripts bytes.Buffer
	if err := apkdb.WriteScripts(&scripts, b.facts); err != nil {
		return err
	}
	triggers, err := apkdb.Triggers(b.facts)
	if err != nil {
		return fmt.Errorf("database: triggers: %w", err)
	}
	for _, f := range []struct {
		name    string
		mode    apkfacts.Mode
		content []byte
	}{
		{"installed", 0o644, nil},
		{"scripts.tar", 0o644, scripts.Bytes()},
		{"triggers", 0o644, triggers},
		{"lock", 0o600, nil},
	} {
		at, err := dir.Join(f.name)
		if err == nil && f.name == "installed" {
			b.installed, err = b.tree.Resolve(at)
		}
		if err != nil {
			return fmt.Errorf("database: %w", err)
		}
		e := apkfacts.Entry{Path: at, Mode: f.mode, Size: int64(len(f.content)), Content: f.content}
		if err := b.overlay.set(e, "database"); err != nil {
			return err
		}
	}
	return nil
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
func (b *builder) databaseDir() (imagepath.Path, error) {
	old, moved := imagepath.Must("lib/apk"), imagepath.Must("usr/lib/apk")
	at, err := b.tree.ResolveAll(old)
	if err != nil {
		return at, fmt.Errorf("database: %w", err)
	}
	if at == old && b.tree.Node(old) == nil && b.tree.Node(moved) != nil {
		link := apkfacts.Entry{Path: old, Type: apkfacts.Symlink, Mode: 0o777, Link: "../" + moved.String()}
		if err := b.overlay.set(link, "database"); err != nil {
			return at, err
		}
		at = moved
	}
	dir, err := at.Join("db")
	if err != nil {
		return at, fmt.Errorf("database: %w", err)
	}
	return dir, nil
}
