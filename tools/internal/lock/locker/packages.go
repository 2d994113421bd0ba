package locker

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktree"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkconfig"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkresolve"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

// packages reads every chosen package and makes its entry.
func (l *Locker) packages(ctx context.Context, config *apkconfig.Config, chosen solutions) ([]lockfile.Package, error) {
	l.begin(chosen)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, l.Jobs))
	var results [][]lockfile.Package
	var facts [][]*apkfacts.Facts
	for _, arch := range config.Archs {
		entries := make([]lockfile.Package, len(chosen[arch].Packages))
		results = append(results, entries)
		listed := make([]*apkfacts.Facts, len(entries))
		facts = append(facts, listed)
		names := provided(chosen[arch])
		for i, selected := range chosen[arch].Packages {
			group.Go(func() error {
				repository := config.Repositories[selected.Repository]
				file, contents, err := l.Reader.PackageEntries(ctx, l.locate(repository), arch, selected.Package, l.advance)
				if err != nil {
					return err
				}
				listed[i] = &apkfacts.Facts{Name: selected.Name, Version: selected.Version, Info: apkfacts.Info(file.Info), Entries: contents}
				entries[i], err = entry(repository, arch, selected, file, names)
				if err == nil && l.Progress != nil {
					l.Progress.Done(&entries[i])
				}
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i, entries := range results {
		if err := markNormalised(entries, facts[i]); err != nil {
			return nil, err
		}
	}
	return slices.Concat(results...), nil
}

// markNormalised notes which packages cannot be layers as they are, if all are in one image.
func markNormalised(entries []lockfile.Package, facts []*apkfacts.Facts) error {
	why, err := apktree.Normalised(facts)
	if err != nil {
		return err
	}
	for i := range entries {
		entries[i].Normalise = why[entries[i].Name]
	}
	return nil
}

func (l *Locker) begin(chosen solutions) {
	if l.Progress == nil {
		return
	}
	count, size := 0, int64(0)
	for _, s := range chosen {
		count += len(s.Packages)
		for _, p := range s.Packages {
			size += p.Size
		}
	}
	l.Progress.Begin(count, size)
}

func (l *Locker) advance(n int) {
	if l.Progress != nil {
		l.Progress.Advance(n)
	}
}

// entry puts together what index, resolver and package file say.
func entry(repository apkconfig.Repository, arch string, p apkresolve.Selected, f *apkfile.File, names map[string][]string) (lockfile.Package, error) {
	e := lockfile.Package{
		Name: p.Name, Version: p.Version, Arch: arch, Repository: p.Repository,
		URL:  repository.URL + "/" + arch + "/" + p.FileName(),
		Size: f.Size, SHA256: f.SHA256, Checksum: f.Checksum, Layer: f.LayerDigest, DiffID: f.DiffID,
		Sections:      lockfile.Sections{Control: span(f.Control), Data: span(f.Data)},
		InstalledSize: p.InstalledSize, BuildTime: p.BuildTime, Origin: p.Origin, License: p.License,
		Depends: p.Depends, Provides: p.Provides, Replaces: f.Info.List("replaces"),
	}
	if f.Signature.Size > 0 {
		signature := span(f.Signature)
		e.Sections.Signature = &signature
	}
	for _, d := range p.Package.Depends {
		if conflict, ok := strings.CutPrefix(d, "!"); ok {
			e.Conflicts = append(e.Conflicts, conflict)
		}
	}
	keep, err := canBeMet(p.InstallIf, names)
	if err != nil {
		return e, fmt.Errorf("%s: install_if: %w", e.ID(), err)
	}
	if keep {
		e.InstallIf = p.InstallIf
	}
	return e, nil
}

func span(s apkfile.Section) lockfile.Range { return lockfile.Range{s.Offset, s.Size} }

// provided returns the versions under which each name is in a solution; "" is
// that of a virtual.
func provided(s *apkresolve.Solution) map[string][]string {
	names := make(map[string][]string)
	for _, p := range s.Packages {
		names[p.Name] = append(names[p.Name], p.Version)
		for _, text := range p.Provides {
			// The resolver has parsed them all.
			if c, err := apkconstraint.Parse(text); err == nil {
				names[c.Name] = append(names[c.Name], c.Version)
			}
		}
	}
	return names
}

// canBeMet reports whether some set of the locked packages meets an install_if.
func canBeMet(installIf []string, names map[string][]string) (bool, error) {
	for _, text := range installIf {
		c, err := apkconstraint.Parse(text)
		if err != nil {
			return false, err
		}
		// An image without the unwanted package may exist: keep a "!name".
		if !c.Conflict && !slices.ContainsFunc(names[c.Name], c.Matches) {
			return false, nil
		}
	}
	return len(installIf) > 0, nil
}
