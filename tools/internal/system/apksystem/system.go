// Package apksystem makes an image's system layer: everything that a system installed by apk has besides the packages'
// own files. It works from facts alone; no package is read and no script is run.
package apksystem

import (
	"fmt"
	"io"
	"time"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktree"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
	"github.com/rules-apk/rules_apk/tools/internal/system/busybox"
	"github.com/rules-apk/rules_apk/tools/internal/system/passwd"
)

// builder holds what the parts of the system layer are made from, and what they make.
type builder struct {
	spec    *Spec
	facts   []*apkfacts.Facts // in install order
	tree    *apktree.Tree
	plan    *plan
	built   time.Time // of all entries of the layer
	overlay *overlay
	report  *Report

	accounts  *passwd.DB
	initial   map[imagepath.Path]bool // directories that are as apk makes them before it installs any package
	applets   *busybox.Applets
	installed imagepath.Path // where apk's database is
}

// Build writes the system layer of an image with the given packages, in install order, to w.
func Build(w io.Writer, spec *Spec, packages []*apkfacts.Facts) (ocilayer.Descriptor, *Report, error) {
	b, err := newBuilder(spec, packages)
	if err != nil {
		return ocilayer.Descriptor{}, nil, err
	}
	// In this order: a later part replaces what an earlier one put at the same path.
	for _, add := range []func(*builder) error{
		addHidden, addDirectories, addInitial, addBusybox, addLibraryCache, addAccounts, addOwners, addCertificates, addKeys, addConfig, addDatabase, addPaths, addInstalled,
	} {
		if err := add(b); err != nil {
			return ocilayer.Descriptor{}, nil, err
		}
	}
	layer, err := ocilayer.NewWriter(w)
	if err != nil {
		return ocilayer.Descriptor{}, nil, err
	}
	if err := b.overlay.write(layer, b.built); err != nil {
		return ocilayer.Descriptor{}, nil, err
	}
	d, err := layer.Close("system")
	return d, b.report, err
}

func newBuilder(spec *Spec, packages []*apkfacts.Facts) (*builder, error) {
	if err := CheckSound(spec.World, packages); err != nil {
		return nil, err
	}
	exclude, err := apktree.NewExclusion(spec.Exclude)
	if err != nil {
		return nil, err
	}
	tree, err := apktree.New(packages, exclude)
	if err != nil {
		return nil, err
	}
	plan, err := newPlan(spec, packages)
	if err != nil {
		return nil, err
	}
	normalised, err := plan.check(tree)
	if err != nil {
		return nil, err
	}
	built, err := newest(packages)
	if err != nil {
		return nil, err
	}
	b := &builder{
		spec:    spec,
		facts:   packages,
		tree:    tree,
		plan:    plan,
		built:   built,
		overlay: newOverlay(tree),
		report:  &Report{Hidden: tree.Hidden, Normalised: normalised},
	}
	for _, f := range packages {
		b.report.Packages = append(b.report.Packages, ReportPackage{Name: f.Name, Version: f.Version})
	}
	return b, nil
}

// newest returns the build time of the newest package.
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
func addHidden(b *builder) error {
	b.overlay.removed = b.tree.Hidden
	return nil
}

func addDirectories(b *builder) error {
	b.report.Directories = b.tree.DirectoryFixes(b.plan.height, b.plan.merged)
	for _, e := range b.report.Directories {
		if err := b.overlay.set(e, "metadata of "+e.Path.String()); err != nil {
			return err
		}
	}
	return nil
}

func addBusybox(b *builder) error {
	var err error
	if b.applets, err = busybox.Read(b.tree); err != nil {
		return err
	}
	for _, l := range b.applets.Links() {
		e := apkfacts.Entry{Path: l.Path, Type: apkfacts.Symlink, Mode: 0o777, Link: l.Target}
		if err := b.overlay.set(e, "busybox"); err != nil {
			return err
		}
	}
	return nil
}
