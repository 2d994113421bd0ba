package image

import (
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// FromLayout returns the image for linux/arch (OCI's name of it) in the OCI layout directory dir; the only image there
// is, if arch is empty.
func FromLayout(dir, arch string) (v1.Image, error) {
	p, err := layout.FromPath(dir)
	if err != nil {
		return nil, fmt.Errorf("opening layout %s: %w", dir, err)
	}
	index, err := p.ImageIndex()
	if err != nil {
		return nil, fmt.Errorf("opening layout %s: %w", dir, err)
	}
	images, err := images(index, arch)
	if err != nil {
		return nil, fmt.Errorf("layout %s: %w", dir, err)
	}
	if len(images) != 1 {
		return nil, fmt.Errorf("layout %s holds %d images for %q, want one", dir, len(images), arch)
	}
	return images[0], nil
}

func images(index v1.ImageIndex, arch string) ([]v1.Image, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var found []v1.Image
	for _, desc := range manifest.Manifests {
		if desc.MediaType.IsIndex() {
			child, err := index.ImageIndex(desc.Digest)
			if err != nil {
				return nil, err
			}
			below, err := images(child, arch)
			if err != nil {
				return nil, err
			}
			found = append(found, below...)
			continue
		}
		image, err := index.Image(desc.Digest)
		if err != nil {
			return nil, err
		}
		config, err := image.ConfigFile()
		if err != nil {
			return nil, err
		}
		if arch == "" || config.Architecture == arch {
			found = append(found, image)
		}
	}
	return found, nil
}
