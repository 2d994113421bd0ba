package locker

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktree"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkconfig"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkrepo"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkresolve"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

// packages reads every chosen package and makes its entry. The notes say which packages cannot be in one image.
func (l *Locker) packages(ctx context.Context, config *apkconfig.Config, chosen solutions) (entries []lockfile.Package, notes []string, err error) {
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
		for i, selected := range chosen[arch].Packages {
			group.Go(func() error {
				repository := config.Repositories[selected.Repository]
				read, err := l.Reader.Package(ctx, l.locate(repository), arch, selected.Package, l.advance)
				if err != nil {
					return err
				}
				listed[i] = withoutContents(read.Facts)
				entries[i] = entry(repository, arch, selected, read)
				if l.Progress != nil {
					l.Progress.Done(&entries[i])
				}
				return nil
			})
		}
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	for i, entries := range results {
		conflicts, err := markNormalised(entries, facts[i])
		if err != nil {
			return nil, nil, err
		}
		for _, c := range conflicts {
			if note := "no image can have both: " + c.Error(); !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
	}
	return slices.Concat(results...), notes, nil
}

// withoutContents is what is needed of a package's facts until all packages are read: its entries without their
// contents.
func withoutContents(f *apkfacts.Facts) *apkfacts.Facts {
	for i := range f.Entries {
		f.Entries[i].Content = nil
	}
	return &apkfacts.Facts{Name: f.Name, Version: f.Version, Info: f.Info, Entries: f.Entries}
}

// markNormalised notes which packages cannot be layers as they are, if all are in one image, and returns what of them
// cannot be in one image.
func markNormalised(entries []lockfile.Package, facts []*apkfacts.Facts) ([]*apktree.Conflict, error) {
	why, conflicts, err := apktree.Normalised(facts)
	if err != nil {
		return nil, err
	}
	for i := range entries {
		entries[i].Normalise = why[entries[i].Name]
	}
	return conflicts, nil
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
func entry(repository apkconfig.Repository, arch string, p apkresolve.Selected, f *apkrepo.Package) lockfile.Package {
	e := lockfile.Package{
		Name: p.Name, Version: p.Version, Arch: arch, Repository: p.Repository,
		URL:  repository.URL + "/" + f.Folder + "/" + p.FileName(),
		Size: f.Size, SHA256: f.SHA256, Checksum: f.Checksum, Layer: f.LayerDigest, DiffID: f.DiffID,
		Sections:      lockfile.Sections{Control: span(f.Control), Data: span(f.Data)},
		InstalledSize: p.InstalledSize, BuildTime: p.BuildTime, Origin: p.Origin, License: p.License,
		Depends: requirements(p.Depends), Provides: p.Provides, ProviderPriority: p.ProviderPriority,
		InstallIf: requirements(p.InstallIf), Replaces: f.Info.List("replaces"),
	}
	if f.Signature.Size > 0 {
		signature := span(f.Signature)
		e.Sections.Signature = &signature
	}
	return e
}

func span(s apkfile.Section) lockfile.Range { return lockfile.Range{s.Offset, s.Size} }

func requirements(list []apkresolve.Requirement) []lockfile.Requirement {
	var all []lockfile.Requirement
	for _, r := range list {
		all = append(all, lockfile.Requirement(r))
	}
	return all
}
