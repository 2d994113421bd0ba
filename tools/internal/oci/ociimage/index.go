package ociimage

import (
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Index is a finished image index and its descriptor.
type Index struct {
	Index      []byte
	Descriptor v1.Descriptor
}

// BuildIndex makes the index of images, in the given order. Two images of one platform are an error: a runtime would
// never find the second.
func BuildIndex(images []v1.Descriptor, annotations map[string]string) (*Index, error) {
	if len(images) == 0 {
		return nil, fmt.Errorf("image index: got no image, want at least one")
	}
	seen := map[string]v1.Hash{}
	for _, d := range images {
		if d.Platform == nil {
			return nil, fmt.Errorf("image index: image %s has no platform", d.Digest)
		}
		p := d.Platform.String()
		if other, ok := seen[p]; ok {
			return nil, fmt.Errorf("image index: platform %s has two images, %s and %s; keep one", p, other, d.Digest)
		}
		seen[p] = d.Digest
	}
	data, err := canonical(v1.IndexManifest{
		SchemaVersion: 2,
		MediaType:     types.OCIImageIndex,
		Manifests:     images,
		Annotations:   annotations,
	})
	if err != nil {
		return nil, fmt.Errorf("image index: %w", err)
	}
	return &Index{
		Index: data,
		Descriptor: v1.Descriptor{
			MediaType: types.OCIImageIndex,
			Size:      int64(len(data)),
			Digest:    digestOf(data),
		},
	}, nil
}
