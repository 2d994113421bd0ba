// Package layerproof tells which layers of an image are packages of a distribution, byte for byte, and proves it: a
// trusted key signed the index, the index states the checksum of the package's control section, that states the
// datahash, and the datahash is the layer's digest.
package layerproof

import (
	"context"
	"fmt"
	"path"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkrepo"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

// Prover checks images against a lock.
type Prover struct {
	Lock *lockfile.Lock
	// Reader fetches and verifies indexes and packages. Nil leaves it at what the lock says.
	Reader *apkrepo.Reader
	// Locate makes a location of the lock one that Reader can open.
	Locate func(location string) string
	// Jobs is how many packages are fetched at once.
	Jobs int

	mu      sync.Mutex
	indexes map[indexKey]func() (*apkrepo.Index, error)
	proofs  map[string]func() (string, error)
}

type indexKey struct {
	repository int
	arch       string
}

// Layer is what is known of a layer of an image.
type Layer struct {
	Digest v1.Hash
	// Name is what the image's history says of the layer; it proves nothing.
	Name string
	// Package is the locked package whose data section the layer is, or nil.
	Package *lockfile.Package
	// Key is the name of the key whose signature the proof begins with, or "".
	Key string
	// Err says why the layer could not be proven to be the package.
	Err error
}

// Layers looks at the layers of an image, from the lowest on.
func (p *Prover) Layers(ctx context.Context, image v1.Image) ([]Layer, error) {
	manifest, err := image.Manifest()
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	if got, want := len(config.RootFS.DiffIDs), len(manifest.Layers); got != want {
		return nil, fmt.Errorf("config has %d diff_ids, want %d, one for each layer", got, want)
	}
	names := historyNames(config, len(manifest.Layers))
	packages := map[string]*lockfile.Package{}
	for i := range p.Lock.Packages {
		packages[p.Lock.Packages[i].Layer] = &p.Lock.Packages[i]
	}
	layers := make([]Layer, len(manifest.Layers))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(p.Jobs, 1))
	for i, desc := range manifest.Layers {
		layer := &layers[i]
		*layer = Layer{Digest: desc.Digest, Name: names[i], Package: packages[desc.Digest.String()]}
		if layer.Package == nil {
			continue
		}
		if got, want := config.RootFS.DiffIDs[i].String(), layer.Package.DiffID; got != want {
			layer.Err = fmt.Errorf("the config says its diff_id is %s, want %s as locked", got, want)
			continue
		}
		if p.Reader != nil {
			group.Go(func() error {
				layer.Key, layer.Err = p.once(ctx, layer.Package)
				return ctx.Err()
			})
		}
	}
	return layers, group.Wait()
}

// historyNames are the comments of the history's entries that made layers.
func historyNames(config *v1.ConfigFile, layers int) []string {
	var names []string
	for _, h := range config.History {
		if !h.EmptyLayer {
			names = append(names, h.Comment)
		}
	}
	for len(names) < layers {
		names = append(names, "")
	}
	return names[:layers]
}

// once proves a package once, however many images have it.
func (p *Prover) once(ctx context.Context, pkg *lockfile.Package) (string, error) {
	p.mu.Lock()
	if p.proofs == nil {
		p.proofs = map[string]func() (string, error){}
	}
	proof := p.proofs[pkg.Layer]
	if proof == nil {
		proof = sync.OnceValues(func() (string, error) { return p.prove(ctx, pkg) })
		p.proofs[pkg.Layer] = proof
	}
	p.mu.Unlock()
	return proof()
}

// prove goes from the signature to the layer's digest and returns the key's name.
func (p *Prover) prove(ctx context.Context, pkg *lockfile.Package) (string, error) {
	repository := p.Lock.Repositories[pkg.Repository]
	var locations []string
	for _, location := range append([]string{repository.URL}, repository.Mirrors...) {
		locations = append(locations, p.Locate(location))
	}
	source := apkrepo.Repository{Locations: locations}
	index, err := p.index(ctx, indexKey{pkg.Repository, pkg.Arch}, source)
	if err != nil {
		return "", err
	}
	for _, listed := range index.Packages {
		if listed.Name != pkg.Name || listed.Version != pkg.Version {
			continue
		}
		file, err := p.Reader.Package(ctx, source, pkg.Arch, listed, nil)
		if err != nil {
			return "", err
		}
		return index.Key, sameLayer(file.File, pkg)
	}
	// Distributions drop superseded versions from the index, often while the file is still there. Then its own
	// signature, if it has one, serves as well.
	key, err := p.proveAlone(ctx, source, pkg)
	if err != nil {
		return "", fmt.Errorf("the index no longer lists %s %s, and by itself: %w", pkg.Name, pkg.Version, err)
	}
	return key, nil
}

func (p *Prover) proveAlone(ctx context.Context, source apkrepo.Repository, pkg *lockfile.Package) (string, error) {
	name := (&apkindex.Package{Name: pkg.Name, Version: pkg.Version}).FileName()
	body, err := p.Reader.Fetcher.Open(ctx, source.Files(path.Base(path.Dir(pkg.URL)), name)...)
	if err != nil {
		return "", err
	}
	defer body.Close()
	file, err := apkfile.Read(body, apkfile.Signed(p.Reader.Keyring), nil)
	if err != nil {
		return "", err
	}
	return file.Key, sameLayer(file, pkg)
}

func sameLayer(file *apkfile.File, pkg *lockfile.Package) error {
	if file.LayerDigest != pkg.Layer {
		return fmt.Errorf("the signed %s %s has the layer %s, want %s", pkg.Name, pkg.Version, file.LayerDigest, pkg.Layer)
	}
	return nil
}

// index reads an index once.
func (p *Prover) index(ctx context.Context, key indexKey, source apkrepo.Repository) (*apkrepo.Index, error) {
	p.mu.Lock()
	if p.indexes == nil {
		p.indexes = map[indexKey]func() (*apkrepo.Index, error){}
	}
	read := p.indexes[key]
	if read == nil {
		read = sync.OnceValues(func() (*apkrepo.Index, error) { return p.Reader.Index(ctx, source, key.arch) })
		p.indexes[key] = read
	}
	p.mu.Unlock()
	return read()
}
