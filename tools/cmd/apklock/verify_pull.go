package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/ociblob"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/registry"
)

// pulledImages reads the images of a manifest or index of a repository, those of indexes in it included.
func pulledImages(ctx context.Context, repository *registry.Repository, m *registry.Manifest) ([]v1.Image, error) {
	if !m.Type.IsIndex() {
		image, err := pulledImage(ctx, repository, m)
		return []v1.Image{image}, err
	}
	index, err := v1.ParseIndexManifest(bytes.NewReader(m.Raw))
	if err != nil {
		return nil, err
	}
	return listed(index, func(desc v1.Descriptor) ([]v1.Image, error) {
		child, err := repository.Get(ctx, repository.Name.Digest(desc.Digest.String()))
		if err != nil {
			return nil, err
		}
		return pulledImages(ctx, repository, child)
	})
}

func pulledImage(ctx context.Context, repository *registry.Repository, m *registry.Manifest) (v1.Image, error) {
	parsed, err := v1.ParseManifest(bytes.NewReader(m.Raw))
	if err != nil {
		return nil, err
	}
	if parsed.Config.Size > maxConfig {
		return nil, fmt.Errorf("the config of %s has %d bytes, want at most %d", m.Digest(), parsed.Config.Size, maxConfig)
	}
	store := &ociblob.Store{Repositories: []name.Repository{repository.Name}, Pull: func(ctx context.Context, _ name.Digest) (io.ReadCloser, error) {
		return repository.OpenBlob(ctx, parsed.Config.Digest)
	}}
	r, err := store.Open(ctx, parsed.Config)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	config, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return partial.CompressedToImage(&pulled{m, config})
}

// maxConfig bounds configs of images.
const maxConfig = 8 << 20

// pulled is an image without its layers.
type pulled struct {
	manifest *registry.Manifest
	config   []byte
}

func (p *pulled) RawManifest() ([]byte, error)        { return p.manifest.Raw, nil }
func (p *pulled) RawConfigFile() ([]byte, error)      { return p.config, nil }
func (p *pulled) MediaType() (types.MediaType, error) { return p.manifest.Type, nil }
func (p *pulled) LayerByDigest(v1.Hash) (partial.CompressedLayer, error) {
	return nil, errors.New("is not read here")
}
