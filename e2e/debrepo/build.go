package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/apt"
	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/closure"
	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/control"
	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/convert"
	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/deb"
	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/publish"
)

// given sorts .deb files by the architectures that they are for, by their names.
func given(files, archs []string) (map[string][]string, error) {
	byArch := map[string][]string{}
	for _, file := range files {
		arch, ok := strings.CutSuffix(file[strings.LastIndexByte(file, '_')+1:], ".deb")
		if !ok {
			return nil, fmt.Errorf("%s: want the path of a .deb file, as all others are", file)
		}
		for _, a := range archs {
			if arch == a || arch == "all" {
				byArch[a] = append(byArch[a], file)
			}
		}
	}
	return byArch, nil
}

// download gets the closure of the options' names, by architecture.
func download(ctx context.Context, o *options, aptDir string) (map[string][]string, error) {
	root, err := apt.New(aptDir, o.archs)
	if err != nil {
		return nil, err
	}
	if err := root.Update(ctx); err != nil {
		return nil, err
	}
	stanzas := map[string][]control.Stanza{}
	err = root.Packages(ctx, func(s control.Stanza) error {
		for _, arch := range o.archs {
			if s["Architecture"] == arch || s["Architecture"] == "all" {
				stanzas[arch] = append(stanzas[arch], s)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	cache := o.cache
	if cache == "" {
		cache = filepath.Join(aptDir, "debs")
	}
	files := map[string][]string{}
	for _, arch := range o.archs {
		catalog, err := closure.NewCatalog(stanzas[arch])
		if err != nil {
			return nil, err
		}
		// Essential: no package names it, every one may rely on it.
		roots := append([]string{convert.Base}, o.names...)
		chosen, err := catalog.Closure(closure.Request{Roots: roots, Previous: o.previous, Exclude: closure.Excluded()})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", arch, err)
		}
		var packages []apt.Package
		for _, s := range chosen {
			packages = append(packages, apt.Package{Name: s["Package"], Arch: s["Architecture"], Version: s["Version"]})
		}
		if files[arch], err = root.Download(ctx, cache, packages); err != nil {
			return nil, err
		}
	}
	return files, nil
}

type builder struct {
	*options
	scratch  string
	parallel int
	stdout   io.Writer
}

// build makes the repository of .deb files, given by Debian's architecture.
func (b *builder) build(ctx context.Context, files map[string][]string) error {
	publisher := &publish.Publisher{
		Ocibuild: b.ocibuild, Key: b.key, KeyName: b.keyName, Scratch: b.scratch, Parallel: b.parallel,
	}
	for _, arch := range b.archs {
		apkArch, ok := convert.Archs()[arch]
		if !ok || arch == "all" {
			return fmt.Errorf("architecture %q: want amd64 or arm64", arch)
		}
		unpacked, err := b.unpack(arch, files[arch])
		if err != nil {
			return err
		}
		set, err := convert.NewSet(arch, closure.Excluded(), b.scratch, unpacked)
		if err != nil {
			return err
		}
		packages, err := set.Packages()
		if err != nil {
			return err
		}
		names, err := publisher.Repository(ctx, b.dir, apkArch, packages)
		if err != nil {
			return err
		}
		for i, p := range packages {
			if _, err := fmt.Fprintf(b.stdout, "%s %s %s/%s\n", p.Spec.Name, p.Debian, apkArch, names[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *builder) unpack(arch string, files []string) ([]*deb.Package, error) {
	unpacked := make([]*deb.Package, len(files))
	var group errgroup.Group
	group.SetLimit(b.parallel)
	for i, file := range slices.Sorted(slices.Values(files)) {
		group.Go(func() error {
			dir := filepath.Join(b.scratch, arch, strconv.Itoa(i))
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
			p, err := deb.Unpack(file, dir)
			unpacked[i] = p
			return err
		})
	}
	return unpacked, group.Wait()
}
