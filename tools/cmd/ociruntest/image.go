package main

import (
	"fmt"
	"runtime"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// openImage returns the image in an OCI layout directory; of several, the one for this machine.
func openImage(dir string) (v1.Image, error) {
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return nil, fmt.Errorf("opening layout %s: %w", dir, err)
	}
	images, err := list(index)
	if err != nil {
		return nil, fmt.Errorf("opening layout %s: %w", dir, err)
	}
	if len(images) == 1 {
		return images[0], nil
	}
	for _, image := range images {
		config, err := image.ConfigFile()
		if err != nil {
			return nil, fmt.Errorf("opening layout %s: %w", dir, err)
		}
		if config.Architecture == runtime.GOARCH {
			return image, nil
		}
	}
	return nil, fmt.Errorf("layout %s: %d images, none for %s", dir, len(images), runtime.GOARCH)
}

func list(index v1.ImageIndex) ([]v1.Image, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var images []v1.Image
	for _, desc := range manifest.Manifests {
		if desc.MediaType.IsIndex() {
			child, err := index.ImageIndex(desc.Digest)
			if err != nil {
				return nil, err
			}
			below, err := list(child)
			if err != nil {
				return nil, err
			}
			images = append(images, below...)
			continue
		}
		image, err := index.Image(desc.Digest)
		if err != nil {
			return nil, err
		}
		images = append(images, image)
	}
	return images, nil
}
