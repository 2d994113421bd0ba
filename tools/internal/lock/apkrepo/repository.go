// Package apkrepo reads repositories of apk version 2 packages: it fetches indexes and packages, and hands on only what
// it has verified. A repository is a folder with <arch>/APKINDEX.tar.gz and <arch>/<name>-<version>.apk.
package apkrepo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/rules-apk/rules_apk/tools/internal/apk/adb"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/verified"
)

// IndexName is the file name of an index.
const IndexName = "APKINDEX.tar.gz"

// A Fetcher opens the first of the locations that has a file. A fetch.Client is one.
type Fetcher interface {
	Open(ctx context.Context, locations ...string) (io.ReadCloser, error)
	ReadAll(ctx context.Context, limit int64, locations ...string) ([]byte, error)
}

// A Repository says where the files lie: URLs or paths, tried in order.
type Repository struct {
	Locations []string
}

// Files returns where a file lies in a folder, an architecture or "noarch", of the repository: URLs or paths.
func (r Repository) Files(folder, file string) []string {
	var all []string
	for _, l := range r.Locations {
		all = append(all, fileURL(l, folder, file))
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
	// File is the file as it was fetched. Its signature section is not verified, as nothing can: it is here to be
	// copied.
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
		return nil, fmt.Errorf("index %s: %w", repo.Files(arch, IndexName)[0], err)
	}
	return index, nil
}

func (r *Reader) readIndex(ctx context.Context, repo Repository, arch string) ([]byte, error) {
	data, err := r.Fetcher.ReadAll(ctx, apkindex.MaxFile, repo.Files(arch, IndexName)...)
	if errors.Is(err, fs.ErrNotExist) && r.hasVersion3(ctx, repo, arch) {
		return nil, fmt.Errorf("%s has no %s, only %s: %w", fileURL(repo.Locations[0], arch, ""), IndexName, version3Index, adb.ErrVersion3)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the index for %s: %w", arch, err)
	}
	return data, nil
}

// version3Index is the file name of an index of apk version 3.
const version3Index = "packages.adb"

// hasVersion3 reports whether a repository without an index has one of version 3.
func (r *Reader) hasVersion3(ctx context.Context, repo Repository, arch string) bool {
	locations := repo.Files(arch, version3Index)
	for _, l := range repo.Locations {
		locations = append(locations, l+"/"+version3Index) // as OpenWrt has it
	}
	body, err := r.Fetcher.Open(ctx, locations...)
	if err != nil {
		return false
	}
	defer body.Close()
	prefix := make([]byte, adb.PrefixLen)
	_, err = io.ReadFull(body, prefix)
	return err == nil && adb.Detect(prefix) != nil
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

// Deleted says that an index or lock lists a package that the repository does not have.
type Deleted struct {
	Name string
	err  error
}

func (e *Deleted) Error() string {
	return fmt.Sprintf("%v: the repository does not have this version (any more)", e.err)
}

func (e *Deleted) Unwrap() error { return e.err }
