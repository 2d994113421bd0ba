// Package apkrepo reads repositories of apk version 2 packages: it fetches
// indexes and packages, and hands on only what it has verified. A repository is
// a folder with <arch>/APKINDEX.tar.gz and <arch>/<name>-<version>.apk.
package apkrepo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/rules-apk/rules_apk/tools/internal/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/apksign"
)

// IndexName is the file name of an index.
const IndexName = "APKINDEX.tar.gz"

// maxIndex bounds an index file; the largest known have 2 MB.
const maxIndex = 256 << 20

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

// A Reader reads repositories that one of the keys vouches for.
type Reader struct {
	Fetcher Fetcher
	Keyring *apksign.Keyring
}

// An Index is a verified index.
type Index struct {
	Packages []*apkindex.Package
	Digest   string // of the file, "sha256:<hex>"
	Key      string // name of the key that signed it
}

// Index fetches and verifies the index of an architecture.
func (r *Reader) Index(ctx context.Context, repo Repository, arch string) (*Index, error) {
	locations := repo.locations(arch, IndexName)
	data, err := r.Fetcher.ReadAll(ctx, maxIndex, locations...)
	if err != nil {
		return nil, fmt.Errorf("reading the index for %s: %w", arch, err)
	}
	index, err := r.parse(data)
	if err != nil {
		return nil, fmt.Errorf("index %s: %w", locations[0], err)
	}
	return index, nil
}

func (r *Reader) parse(data []byte) (*Index, error) {
	key, _, err := r.Keyring.VerifyArchive(data)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("the file is truncated: it ends after %d bytes: %w; get it again", len(data), err)
	}
	if err != nil {
		return nil, err
	}
	packages, err := apkindex.Read(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	return &Index{Packages: packages, Digest: "sha256:" + hex.EncodeToString(sum[:]), Key: key}, nil
}

// Package fetches a package that a verified index lists and verifies it: the
// index vouches for its control section, which vouches for its data section. So
// the package needs no signature of its own. visit and progress, which is told
// the number of bytes of each read, may be nil.
func (r *Reader) Package(ctx context.Context, repo Repository, arch string, p *apkindex.Package, visit apkfile.Visitor, progress func(n int)) (*apkfile.File, error) {
	locations := repo.locations(arch, p.FileName())
	file, err := r.readPackage(ctx, locations, p, visit, progress)
	if err != nil {
		return nil, fmt.Errorf("package %q (%s), version %s: %w", p.Name, arch, p.Version, err)
	}
	return file, nil
}

func (r *Reader) readPackage(ctx context.Context, locations []string, p *apkindex.Package, visit apkfile.Visitor, progress func(n int)) (*apkfile.File, error) {
	body, err := r.Fetcher.Open(ctx, locations...)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &Deleted{Name: p.Name, err: err}
	}
	if err != nil {
		return nil, err
	}
	defer body.Close()
	counted := &counter{r: body, progress: progress}
	file, err := apkfile.Read(counted, visit)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("%s: the file is truncated: got %d bytes, want %d as the index states: %w", locations[0], counted.n, p.Size, err)
	}
	if err == nil {
		err = verify(file, p)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", locations[0], err)
	}
	return file, nil
}

// Deleted says that an index lists a package that the repository does not have.
type Deleted struct {
	Name string
	err  error
}

func (e *Deleted) Error() string {
	return fmt.Sprintf("%v: the index lists it, but the repository does not have it (any more)", e.err)
}

func (e *Deleted) Unwrap() error { return e.err }

func verify(f *apkfile.File, p *apkindex.Package) error {
	if err := f.VerifyChecksum(p.Checksum); err != nil {
		return err
	}
	if f.Info.Name() != p.Name || f.Info.Version() != p.Version {
		return fmt.Errorf(".PKGINFO says %s-%s, want %s-%s as the index states", f.Info.Name(), f.Info.Version(), p.Name, p.Version)
	}
	if err := f.VerifyDatahash(); err != nil {
		return err
	}
	if f.Size != p.Size {
		return fmt.Errorf("the file has %d bytes, want %d as the index states", f.Size, p.Size)
	}
	return nil
}

type counter struct {
	r        io.Reader
	n        int64
	progress func(n int)
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if c.progress != nil {
		c.progress(n)
	}
	return n, err
}
