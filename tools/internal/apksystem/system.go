// Package apksystem makes an image's system layer: everything that a system installed by apk has besides the packages'
// own files. It works from facts alone; no package is read and no script is run.
package apksystem

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/rules-apk/rules_apk/tools/internal/apkdb"
	"github.com/rules-apk/rules_apk/tools/internal/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apktree"
	"github.com/rules-apk/rules_apk/tools/internal/busybox"
	"github.com/rules-apk/rules_apk/tools/internal/ocilayer"
)

// Build writes the system layer of an image with the given packages, in install order, to w.
func Build(w io.Writer, spec *Spec, packages []*apkfacts.Facts) (ocilayer.Descriptor, *Report, error) {
	none := ocilayer.Descriptor{}
	if err := CheckSound(spec.World, packages); err != nil {
		return none, nil, err
	}
	tree, err := apktree.New(packages)
	if err != nil {
		return none, nil, err
	}
	if err := checkLayers(tree); err != nil {
		return none, nil, err
	}
	o := newOverlay(tree)
	report := &Report{Hidden: tree.Hidden}
	for _, f := range packages {
		report.Packages = append(report.Packages, ReportPackage{Name: f.Name, Version: f.Version})
	}
	for _, add := range []func(*overlay, *Spec, *Report) error{
		addHidden, addDirectories, addBusybox, addConfig, addDatabase,
	} {
		if err := add(o, spec, report); err != nil {
			return none, nil, err
		}
	}
	built, err := newest(packages)
	if err != nil {
		return none, nil, err
	}
	layer, err := ocilayer.NewWriter(w)
	if err != nil {
		return none, nil, err
	}
	if err := o.write(layer, built); err != nil {
		return none, nil, err
	}
	d, err := layer.Close("system")
	return d, report, err
}

// checkLayers refuses packages whose archives would hide others' files if they were layers as they are.
func checkLayers(t *apktree.Tree) error {
	for _, s := range t.Shadows {
		return fmt.Errorf("package %s: its %s would hide that of package %s, which replaces it", t.Packages[s.Package].Facts, s.Path, t.Packages[s.By].Facts)
	}
	for _, p := range t.Packages {
		for _, m := range p.Moved {
			return fmt.Errorf("package %s: its directory %s would hide the symlink to %s that package %s has there", p.Facts, m.From, m.To, t.Packages[m.By].Facts)
		}
	}
	return nil
}

// newest returns the time that all entries of the layer get: that of the newest package.
func newest(packages []*apkfacts.Facts) (time.Time, error) {
	var last int64
	for _, f := range packages {
		built, err := f.Int("builddate")
		if err != nil {
			return time.Time{}, fmt.Errorf("package %s: %w", f, err)
		}
		last = max(last, built)
	}
	return time.Unix(last, 0), nil
}

// addHidden hides what layers have and apk never installs: names at the root that begin with a dot.
func addHidden(o *overlay, _ *Spec, _ *Report) error {
	for _, name := range o.tree.Hidden {
		// A whiteout, as the image specification's layer.md has it.
		if err := o.set(apkfacts.Entry{Path: ".wh." + name, Mode: 0o644}, "hiding /"+name); err != nil {
			return err
		}
	}
	return nil
}

func addDirectories(o *overlay, _ *Spec, report *Report) error {
	order := make([]int, len(o.tree.Packages))
	for i := range order {
		order[i] = i
	}
	report.Directories = o.tree.DirectoryFixes(order)
	for _, e := range report.Directories {
		if err := o.set(e, "metadata of "+e.Path); err != nil {
			return err
		}
	}
	return nil
}

func addBusybox(o *overlay, _ *Spec, _ *Report) error {
	for _, l := range busybox.Links(o.tree) {
		e := apkfacts.Entry{Path: l.Path, Type: apkfacts.Symlink, Mode: 0o777, Link: l.Target}
		if err := o.set(e, "busybox"); err != nil {
			return err
		}
	}
	return nil
}

func addConfig(o *overlay, spec *Spec, _ *Report) error {
	world, err := apkdb.World(spec.World)
	if err != nil {
		return err
	}
	if err := o.file("etc/apk/world", world, "world"); err != nil {
		return err
	}
	if err := o.file("etc/apk/arch", apkdb.Lines([]string{spec.Arch}), "arch"); err != nil {
		return err
	}
	if len(spec.Repositories) == 0 {
		return nil
	}
	return o.file("etc/apk/repositories", apkdb.Lines(spec.Repositories), "repositories")
}

func addDatabase(o *overlay, spec *Spec, _ *Report) error {
	dir, err := databaseDir(o)
	if err != nil {
		return err
	}
	var facts []*apkfacts.Facts
	for _, p := range o.tree.Packages {
		facts = append(facts, p.Facts)
	}
	var installed, scripts bytes.Buffer
	if err := apkdb.WriteInstalled(&installed, o.tree.Packages, spec.Arch); err != nil {
		return err
	}
	if err := apkdb.WriteScripts(&scripts, facts); err != nil {
		return err
	}
	for _, f := range []struct {
		name    string
		content []byte
	}{
		{"installed", installed.Bytes()},
		{"scripts.tar", scripts.Bytes()},
		{"triggers", apkdb.Triggers(facts)},
	} {
		if err := o.file(dir+"/"+f.name, f.content, "database"); err != nil {
			return err
		}
	}
	return o.set(apkfacts.Entry{Path: dir + "/lock", Mode: 0o600}, "database")
}

// databaseDir returns the folder of apk's database: lib/apk/db, or, in a distribution that has moved it, usr/lib/apk/db
// with a symlink at the old place.
func databaseDir(o *overlay) (string, error) {
	const old, moved = "lib/apk", "usr/lib/apk"
	at, err := o.tree.ResolveAll(old)
	if err != nil {
		return "", fmt.Errorf("database: %w", err)
	}
	if at != old || o.tree.Node(old) != nil || o.tree.Node(moved) == nil {
		return at + "/db", nil
	}
	link := apkfacts.Entry{Path: old, Type: apkfacts.Symlink, Mode: 0o777, Link: "../" + moved}
	return moved + "/db", o.set(link, "database")
}
