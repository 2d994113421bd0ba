package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apkmerge"
	"github.com/rules-apk/rules_apk/tools/internal/apksystem"
	"github.com/rules-apk/rules_apk/tools/internal/apktree"
	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
	"github.com/rules-apk/rules_apk/tools/internal/ocilayer"
)

type mergeFlags struct {
	spec              *apksystem.Spec
	facts             []string
	packages, apks    []string
	layer, descriptor string
}

func parseMergeFlags(args []string) (*mergeFlags, error) {
	f := &mergeFlags{}
	fs := newFlags("merge")
	fs.spec(&f.spec)
	fs.strings(&f.facts, "facts", "file: the facts of each package of the image, in install order; may be repeated")
	fs.strings(&f.packages, "package", "name of a package to put into the layer; may be repeated")
	fs.strings(&f.apks, "apk", "file: the package named before it; may be repeated")
	fs.need(&f.layer, "layer", "output file")
	fs.need(&f.descriptor, "descriptor", "output file: the layer's descriptor")
	if err := fs.parse(args); err != nil {
		return nil, err
	}
	if len(f.packages) == 0 || len(f.packages) != len(f.apks) {
		return nil, &usageError{fmt.Sprintf("merge: got %d --package and %d --apk, want as many, at least one", len(f.packages), len(f.apks))}
	}
	return f, nil
}

func runMerge(ctx context.Context, args []string, _ io.Writer) error {
	f, err := parseMergeFlags(args)
	if err != nil {
		return err
	}
	facts, err := readFacts(ctx, f.facts)
	if err != nil {
		return err
	}
	exclude, err := apktree.NewExclusion(f.spec.Exclude)
	if err != nil {
		return err
	}
	tree, err := apktree.New(facts, exclude)
	if err != nil {
		return err
	}
	sources, err := f.sources(facts)
	if err != nil {
		return err
	}
	var descriptor ocilayer.Descriptor
	err = atomicfile.Write(f.layer, func(w io.Writer) (err error) {
		descriptor, err = apkmerge.Write(w, tree, sources, layerName(facts, sources))
		return err
	})
	if err != nil {
		return err
	}
	return writeLayerDescriptor(f.descriptor, descriptor)
}

// sources puts the packages to merge into install order.
func (f *mergeFlags) sources(facts []*apkfacts.Facts) ([]apkmerge.Source, error) {
	files := map[string]string{}
	for i, name := range f.packages {
		files[name] = f.apks[i]
	}
	var sources []apkmerge.Source
	for i, p := range facts {
		if file, ok := files[p.Name]; ok {
			sources = append(sources, apkmerge.Source{Package: i, File: file})
			delete(files, p.Name)
		}
	}
	for name := range files {
		return nil, fmt.Errorf("merge: package %q has no --facts", name)
	}
	return sources, nil
}

// layerName is the packages' names and versions, cut to what history can show.
func layerName(facts []*apkfacts.Facts, sources []apkmerge.Source) string {
	const most = 4
	var names []string
	for i, s := range sources {
		if i == most {
			names = append(names, fmt.Sprintf("and %d more", len(sources)-most))
			break
		}
		names = append(names, facts[s.Package].String())
	}
	return strings.Join(names, " ")
}
