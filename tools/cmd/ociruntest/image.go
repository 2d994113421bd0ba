package main

import (
	"context"
	"fmt"
	"io"
	"runtime"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/ociblob"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocidoc"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayout"
)

// openImage returns the image in an OCI layout directory; of several, the one for this machine. All that is read of it
// is verified.
func openImage(ctx context.Context, dir string) (v1.Image, error) {
	images, err := ocilayout.List(dir)
	if err != nil {
		return nil, err
	}
	var found *ocidoc.Image
	for _, image := range images {
		if len(images) == 1 || image.Platform.OS == "linux" && image.Platform.Architecture == runtime.GOARCH {
			found = image.Image
			break
		}
	}
	if found == nil {
		return nil, fmt.Errorf("layout %s: %d images, none for linux/%s", dir, len(images), runtime.GOARCH)
	}
	return partial.CompressedToImage(&image{ctx: ctx, documents: found, blobs: &ociblob.Store{Layouts: []string{dir}}})
}

// image is a partial.CompressedImageCore, and its layer a partial.CompressedLayer.
type image struct {
	ctx       context.Context
	documents *ocidoc.Image
	blobs     *ociblob.Store
}

func (i *image) RawManifest() ([]byte, error)   { return i.documents.RawManifest().Copy(), nil }
func (i *image) RawConfigFile() ([]byte, error) { return i.documents.RawConfig().Copy(), nil }

func (i *image) MediaType() (types.MediaType, error) {
	d, err := i.documents.Descriptor()
	return d.MediaType, err
}

func (i *image) LayerByDigest(digest v1.Hash) (partial.CompressedLayer, error) {
	manifest := i.documents.Manifest()
	for _, d := range append(manifest.Layers, manifest.Config) {
		if d.Digest == digest {
			return &layer{i, d}, nil
		}
	}
	return nil, fmt.Errorf("the image has no layer %s", digest)
}

type layer struct {
	image *image
	desc  v1.Descriptor
}

func (l *layer) Digest() (v1.Hash, error)            { return l.desc.Digest, nil }
func (l *layer) Size() (int64, error)                { return l.desc.Size, nil }
func (l *layer) MediaType() (types.MediaType, error) { return l.desc.MediaType, nil }
func (l *layer) Compressed() (io.ReadCloser, error)  { return l.image.blobs.Open(l.image.ctx, l.desc) }
