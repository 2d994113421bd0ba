// Package apkmirror copies what a lock names into a folder in repository layout: <arch>/<name>-<version>.apk and
// <arch>/APKINDEX.tar.gz.
package apkmirror

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkrepo"
	"github.com/rules-apk/rules_apk/tools/internal/lock/locker"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
	"github.com/rules-apk/rules_apk/tools/internal/urlpath"
)

// A Trust says why an index in a mirror can be believed.
type Trust int

const (
	// Unsigned: it cannot. The packages can, by the lock.
	Unsigned Trust = iota
	// Original: it is, byte for byte, the index that was locked.
	Original
	// Signed: it lists the mirrored packages, and the signer has signed it.
	Signed
)

// A Mirror copies locked packages.
type Mirror struct {
	Reader *apkrepo.Reader
	// Keyring returns the keys that vouch for an original index. It is only asked where there may be one.
	Keyring func() (*apksign.Keyring, error)
	// Base is the folder that relative paths in the lock start from.
	Base string
	// Dir is where the mirror is, or will be.
	Dir string
	// Jobs is how many packages are fetched at once.
	Jobs int
	// Signer signs the mirror's indexes. Without it, an index is the original one where the lock has a single
	// repository that still has it, else unsigned.
	Signer *apksign.Signer
	// Progress may be nil.
	Progress locker.Progress
}

// Write makes or completes the mirror and returns the trust in its indexes, by architecture. What is there already is
// verified, not fetched again.
func (m *Mirror) Write(ctx context.Context, lock *lockfile.Lock) (map[string]Trust, error) {
	m.begin(lock)
	entries := make([]*apkindex.Package, len(lock.Packages))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, m.Jobs))
	for i := range lock.Packages {
		p := &lock.Packages[i]
		group.Go(func() error {
			file, err := m.copy(groupCtx, lock, p)
			if err != nil {
				return err
			}
			entries[i], err = apkindex.Describe(file.Info, file.Checksum, file.Size, p.Arch)
			if err == nil && m.Progress != nil {
				m.Progress.Done(p)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	trust := make(map[string]Trust)
	for _, arch := range lock.Config.Archs {
		var err error
		if trust[arch], err = m.index(ctx, lock, arch, entries); err != nil {
			return nil, fmt.Errorf("index for %s: %w", arch, err)
		}
	}
	return trust, nil
}

func (m *Mirror) begin(lock *lockfile.Lock) {
	if m.Progress == nil {
		return
	}
	size := int64(0)
	for _, p := range lock.Packages {
		size += p.Size
	}
	m.Progress.Begin(len(lock.Packages), size)
}

func (m *Mirror) advance(n int) {
	if m.Progress != nil {
		m.Progress.Advance(n)
	}
}

// copy brings one package into the mirror.
func (m *Mirror) copy(ctx context.Context, lock *lockfile.Lock, p *lockfile.Package) (*apkfile.File, error) {
	name := (&apkindex.Package{Name: p.Name, Version: p.Version}).FileName()
	target := filepath.Join(m.Dir, p.Arch, name)
	if file, err := readLocked(target, p); err == nil {
		m.advance(int(p.Size))
		return file, nil
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return nil, err
	}
	// The folder is the architecture's, or noarch.
	folder := path.Base(path.Dir(p.URL))
	var repository apkrepo.Repository
	for _, l := range append([]string{lock.Repositories[p.Repository].URL}, lock.Repositories[p.Repository].Mirrors...) {
		repository.Locations = append(repository.Locations, urlpath.From(m.Base, l))
	}
	var file *apkfile.File
	want := apkrepo.Wanted{Name: p.Name, Version: p.Version, Arch: p.Arch, Checksum: p.Checksum, Size: p.Size, By: "lock", Locations: repository.Files(folder, name)}
	err := m.Reader.Read(ctx, want, m.advance, func(body io.Reader) error {
		return atomicfile.Write(target, func(w io.Writer) error {
			var err error
			file, err = verify(io.TeeReader(body, w), p)
			return err
		})
	})
	return file, err
}

func readLocked(path string, p *lockfile.Package) (*apkfile.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return verify(f, p)
}

// verify reads a package that is what the lock says.
func verify(r io.Reader, p *lockfile.Package) (*apkfile.File, error) {
	return apkfile.Read(r, apkfile.Locked(p.Checksum, p.SHA256), nil)
}

func (m *Mirror) index(ctx context.Context, lock *lockfile.Lock, arch string, entries []*apkindex.Package) (Trust, error) {
	target := filepath.Join(m.Dir, arch, apkrepo.IndexName)
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return Unsigned, err
	}
	if m.Signer == nil {
		original, err := m.original(ctx, lock, arch)
		if err != nil {
			return Unsigned, err
		}
		if original != nil {
			return Original, atomicfile.WriteBytes(target, original)
		}
	}
	index := &apkindex.Index{Description: "mirror of a lock"}
	newest := int64(0)
	for i, p := range lock.Packages {
		if p.Arch == arch {
			index.Packages = append(index.Packages, entries[i])
			newest = max(newest, p.BuildTime)
		}
	}
	var archive bytes.Buffer
	if err := apkindex.WriteArchive(&archive, index); err != nil {
		return Unsigned, err
	}
	if m.Signer == nil {
		return Unsigned, atomicfile.WriteBytes(target, archive.Bytes())
	}
	return Signed, atomicfile.Write(target, func(w io.Writer) error {
		return m.Signer.SignArchive(w, newest, archive.Bytes())
	})
}

// original returns the index that was locked, or nil if it is not to be had or would be one of several.
func (m *Mirror) original(ctx context.Context, lock *lockfile.Lock, arch string) ([]byte, error) {
	if len(lock.Repositories) != 1 {
		return nil, nil
	}
	repository := lock.Repositories[0]
	var located apkrepo.Repository
	for _, l := range append([]string{repository.URL}, repository.Mirrors...) {
		located.Locations = append(located.Locations, urlpath.From(m.Base, l))
	}
	keyring, err := m.Keyring()
	if err != nil {
		return nil, err
	}
	reader := *m.Reader
	reader.Keyring = keyring
	original, err := reader.Index(ctx, located, arch)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, index := range repository.Indexes {
		if index.Arch == arch && index.Digest == original.Digest {
			return original.File, nil
		}
	}
	return nil, nil
}
