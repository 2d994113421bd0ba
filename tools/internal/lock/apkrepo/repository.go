// Package apkrepo reads repositories of apk version 2 packages: it fetches
// indexes and packages, and hands on only what it has verified. A repository is
// a folder with <arch>/APKINDEX.tar.gz and <arch>/<name>-<version>.apk.
package apkrepo

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/verified"
)

// IndexName is the file name of an index.
const IndexName = "APKINDEX.tar.gz"

// A Fetcher opens the first of the locations that has a file. A fetch.Client is
// one.
type Fetcher interface {
	Open(ctx context.Context, locations ...string) (io.ReadCloser, error)
	ReadAll(ctx context.Context, limit int64, locations ...string) ([]byte, error)
}

// A Repository says where the files lie: URLs or paths, tried in order.
type Repository struct {
	Locations []string
}

// locations returns where a file of an architecture lies.
func (r Repository) locations(arch, file string) []string {
	var all []string
	for _, l := range r.Locations {
		all = append(all, l+"/"+arch+"/"+file)
	}
	return all
}

// A Store keeps what was read from the network. A fetch.Store is one.
type Store interface {
	Open(ctx context.Context, key string, size int64, locations ...string) (r io.ReadCloser, fresh bool, err error)
	Discard(key string) error
}

// A Reader reads repositories that one of the keys vouches for.
type Reader struct {
	Fetcher Fetcher
	Keyring *apksign.Keyring
	// Store, if set, is for packages that come over the network.
	Store Store
}

// An Index is a verified index.
type Index struct {
	Packages []*apkindex.Package
	Digest   string // of the file, "sha256:<hex>"
	Key      string // name of the key that signed it
	// Fingerprint is that of the key, see apksign.Keyring.Fingerprint.
	Fingerprint string
	Time        int64 // when the index was made, as it states, in Unix seconds
	// File is the file as it was fetched. Its signature section is not verified,
	// as nothing can: it is here to be copied.
	File []byte
}

// Index fetches and verifies the index of an architecture.
func (r *Reader) Index(ctx context.Context, repo Repository, arch string) (*Index, error) {
	data, err := r.readIndex(ctx, repo, arch)
	if err != nil {
		return nil, err
	}
	index, err := r.parse(data)
	if err != nil {
		return nil, fmt.Errorf("index %s: %w", repo.locations(arch, IndexName)[0], err)
	}
	return index, nil
}

func (r *Reader) readIndex(ctx context.Context, repo Repository, arch string) ([]byte, error) {
	data, err := r.Fetcher.ReadAll(ctx, apkindex.MaxFile, repo.locations(arch, IndexName)...)
	if err != nil {
		return nil, fmt.Errorf("reading the index for %s: %w", arch, err)
	}
	return data, nil
}

func (r *Reader) parse(data []byte) (*Index, error) {
	key, signed, err := r.Keyring.VerifyArchive(data)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("the file is truncated: it ends after %d bytes: %w; get it again", len(data), err)
	}
	if err != nil {
		return nil, err
	}
	index, err := apkindex.Read(signed)
	if err != nil {
		return nil, err
	}
	return &Index{Packages: index.Packages, Digest: verified.DigestOf(data), Key: key, Fingerprint: r.Keyring.Fingerprint(key), Time: index.Time, File: data}, nil
}

// Package fetches a package that a verified index lists and verifies it: the
// index vouches for its control section, which vouches for its data section. So
// the package needs no signature of its own. progress, which is told the number
// of bytes of each read, may be nil.
func (r *Reader) Package(ctx context.Context, repo Repository, arch string, p *apkindex.Package, progress func(n int)) (*apkfile.File, error) {
	file, _, err := r.PackageEntries(ctx, repo, arch, p, progress)
	return file, err
}

// PackageEntries is Package that also lists what is in the package.
func (r *Reader) PackageEntries(ctx context.Context, repo Repository, arch string, p *apkindex.Package, progress func(n int)) (*apkfile.File, []apkfacts.Entry, error) {
	var file *apkfile.File
	var lister apkfacts.Lister
	want := Wanted{Name: p.Name, Version: p.Version, Arch: arch, Checksum: p.Checksum, Size: p.Size, Locations: repo.locations(arch, p.FileName())}
	err := r.Read(ctx, want, progress, func(body io.Reader) error {
		var err error
		lister = apkfacts.Lister{}
		if file, err = apkfile.Read(body, apkfile.Indexed(p.Checksum), lister.Visit); err != nil {
			return err
		}
		return verify(file, p)
	})
	return file, lister.Entries, err
}

func verify(f *apkfile.File, p *apkindex.Package) error {
	if f.Info.Name() != p.Name || f.Info.Version() != p.Version {
		return fmt.Errorf(".PKGINFO says %s-%s, want %s-%s as the index states", f.Info.Name(), f.Info.Version(), p.Name, p.Version)
	}
	if f.Size != p.Size {
		return fmt.Errorf("the file has %d bytes, want %d as the index states", f.Size, p.Size)
	}
	return nil
}

// Deleted says that an index or lock lists a package that the repository does not
// have.
type Deleted struct {
	Name string
	err  error
}

func (e *Deleted) Error() string {
	return fmt.Sprintf("%v: the repository does not have this version (any more)", e.err)
}

func (e *Deleted) Unwrap() error { return e.err }
