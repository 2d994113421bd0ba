package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkmerge"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktree"
	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
)

type mergeFlags struct {
	exclude           []string
	facts             []string
	packages, apks    []string
	layer, descriptor string
	files             map[string]string // package files, by the packages' names
}

func parseMergeFlags(args []string) (*mergeFlags, error) {
	f := &mergeFlags{}
	fs := newFlags("merge")
	fs.strings(&f.exclude, "exclude", "pattern of paths that the image leaves out; may be repeated")
	fs.strings(&f.facts, "facts", "file: the facts of each package of the image, in install order; may be repeated")
	fs.strings(&f.packages, "package", "name of a package to put into the layer; may be repeated")
	fs.strings(&f.apks, "apk", "file: the package named before it; may be repeated")
	fs.need(&f.layer, "blob-out", "output file")
	fs.need(&f.descriptor, "layer-out", "output file: the layer's descriptor")
	if err := fs.parse(args); err != nil {
		return nil, err
	}
	if len(f.packages) == 0 {
		return nil, cli.Usagef("merge: --package is missing")
	}
	var err error
	f.files, err = packageFiles("merge", f.packages, f.apks)
	return f, err
}

// packageFiles pairs the values of --package and --apk.
func packageFiles(command string, packages, apks []string) (map[string]string, error) {
	if len(packages) != len(apks) {
		return nil, cli.Usagef("%s: got %d --package and %d --apk, want as many", command, len(packages), len(apks))
	}
	files := map[string]string{}
	for i, name := range packages {
		files[name] = apks[i]
	}
	return files, nil
}

func runMerge(ctx context.Context, known knownFacts, args []string, _ io.Writer) error {
	f, err := parseMergeFlags(args)
	if err != nil {
		return err
	}
	facts, err := known.read(ctx, f.facts)
	if err != nil {
		return err
	}
	exclude, err := apktree.NewExclusion(f.exclude)
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
	var sources []apkmerge.Source
	known := map[string]bool{}
	for i, p := range facts {
		known[p.Name] = true
		if file, ok := f.files[p.Name]; ok {
			sources = append(sources, apkmerge.Source{Package: i, File: file})
		}
	}
	for _, name := range f.packages {
		if !known[name] {
			return nil, fmt.Errorf("merge: package %q has no --facts", name)
		}
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
