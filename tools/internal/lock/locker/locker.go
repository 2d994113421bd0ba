// Package locker makes locks: it resolves what a config asks for in the repositories' indexes, and reads and verifies
// each chosen package once.
package locker

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/rules-apk/rules_apk/tools/internal/lock/apkconfig"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkrepo"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
	"github.com/rules-apk/rules_apk/tools/internal/urlpath"
)

// Progress is told how far the downloads are. Its methods are called from several goroutines.
type Progress interface {
	// Begin is called once, before all others.
	Begin(packages int, bytes int64)
	// Advance is called for each piece that was read.
	Advance(bytes int)
	// Done is called for each verified package.
	Done(p *lockfile.Package)
}

// A Locker makes locks.
type Locker struct {
	Reader *apkrepo.Reader
	// Dir is the folder that relative paths in the config start from.
	Dir string
	// Jobs is how many files are fetched at once.
	Jobs int
	// Progress may be nil.
	Progress Progress
}

// Made is a new lock, and what became of the earlier one.
type Made struct {
	*lockfile.Lock
	// Lost is what the repositories no longer have of the earlier lock.
	Lost []Outdated
}

// Lock makes the lock of a config. What an earlier lock has keeps its version where that still exists and the config
// allows it; there may be none. All else is the newest. It chooses the same version for all architectures where that is
// possible; where not, a note in the lock says so, or it is an error if the config requires the same.
func (l *Locker) Lock(ctx context.Context, config *apkconfig.Config, old *lockfile.Lock) (*Made, error) {
	m, err := l.market(ctx, config)
	if err != nil {
		return nil, err
	}
	chosen, err := m.align(nil)
	if err != nil {
		return nil, err
	}
	if old != nil {
		if chosen, err = m.keep(chosen, old, nil); err != nil {
			return nil, err
		}
	}
	return l.finish(ctx, m, chosen, old)
}

// finish reads the chosen packages and puts the lock together.
func (l *Locker) finish(ctx context.Context, m *market, chosen solutions, old *lockfile.Lock) (*Made, error) {
	config := m.config
	lock := &lockfile.Lock{
		Version:      lockfile.Version,
		Config:       Normalise(config),
		Notes:        m.versionNotes(chosen),
		Repositories: repositories(config, m.indexes),
	}
	if config.RequireSameVersion && len(lock.Notes) > 0 {
		return nil, &DifferentVersions{Notes: lock.Notes}
	}
	var err error
	var conflicts []string
	lock.Packages, conflicts, err = l.packages(ctx, config, chosen)
	if err != nil {
		return nil, err
	}
	lock.Notes = slices.Concat(lock.Notes, resolverNotes(config.Archs, chosen), conflicts)
	lock.Sort()
	made := &Made{Lock: lock}
	if old != nil {
		made.Lost = slices.DeleteFunc(m.outdated(old), func(o Outdated) bool { return !o.Gone && !o.Rebuilt })
	}
	return made, nil
}

// Normalise returns what a lock keeps of a config.
func Normalise(config *apkconfig.Config) lockfile.Config {
	c := lockfile.Config{
		Archs: config.Archs, Packages: config.Packages, Keyring: config.Keyring, RequireSameVersion: config.RequireSameVersion,
	}
	for _, r := range config.Repositories {
		c.Repositories = append(c.Repositories, r.String())
	}
	return c
}

// indexes fetches all indexes: by architecture, in the order of the config's repositories.
func (l *Locker) indexes(ctx context.Context, config *apkconfig.Config) (map[string][]*apkrepo.Index, error) {
	indexes := make(map[string][]*apkrepo.Index)
	for _, arch := range config.Archs {
		indexes[arch] = make([]*apkrepo.Index, len(config.Repositories))
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, l.Jobs))
	for _, arch := range config.Archs {
		slots := indexes[arch]
		for i, r := range config.Repositories {
			group.Go(func() error {
				index, err := l.Reader.Index(ctx, l.locate(r), arch)
				slots[i] = index
				return err
			})
		}
	}
	return indexes, group.Wait()
}

// locate makes the paths among a repository's locations independent of the working directory.
func (l *Locker) locate(r apkconfig.Repository) apkrepo.Repository {
	var located apkrepo.Repository
	for _, location := range append([]string{r.URL}, r.Mirrors...) {
		located.Locations = append(located.Locations, urlpath.From(l.Dir, location))
	}
	return located
}

func repositories(config *apkconfig.Config, indexes map[string][]*apkrepo.Index) []lockfile.Repository {
	var all []lockfile.Repository
	for i, r := range config.Repositories {
		locked := lockfile.Repository{URL: r.URL, Tag: r.Tag, Mirrors: r.Mirrors}
		for _, arch := range config.Archs {
			index := indexes[arch][i]
			locked.Indexes = append(locked.Indexes, lockfile.Index{Arch: arch, Digest: index.Digest, Key: index.Key, Fingerprint: index.Fingerprint, Time: index.Time})
		}
		all = append(all, locked)
	}
	return all
}

// DifferentVersions is the error for a config that requires the same version on all architectures where they would
// differ.
type DifferentVersions struct {
	Notes []string
}

func (e *DifferentVersions) Error() string {
	return fmt.Sprintf("require_same_version is true, but the architectures get different versions:\n  - %s", strings.Join(e.Notes, "\n  - "))
}
