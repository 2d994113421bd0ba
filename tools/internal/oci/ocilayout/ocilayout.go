// Package ocilayout finds images in OCI image layouts that other tools made.
//
// The format is that of the OCI image specification, version 1.1, image-layout.md. Docker's media types are accepted,
// too: some tools keep them.
package ocilayout

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/rules-apk/rules_apk/tools/internal/oci/ociimage"
)

// candidate is an image of a layout.
type candidate struct {
	digest   v1.Hash
	platform v1.Platform
	ociimage.Base
}

// Select returns the two documents of the layout's image for a platform, digests checked. The layout's index may list
// indexes; whatever is no image, such as an attestation, is passed over. Layers are not looked at. No image for the
// platform, or more than one, is an error.
func Select(dir string, want v1.Platform) (*ociimage.Base, error) {
	if _, err := os.Stat(filepath.Join(dir, "oci-layout")); errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, fmt.Errorf("%s: it has no file oci-layout, want a directory in the OCI image layout, such as `skopeo copy --all … oci:DIR` makes", dir)
	} else if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		return nil, fmt.Errorf("OCI layout: %w", err)
	}
	images, err := list(dir, data)
	if err != nil {
		return nil, fmt.Errorf("OCI layout %s: %w", dir, err)
	}
	found := fitting(images, want)
	if len(found) != 1 {
		return nil, fmt.Errorf("OCI layout %s: %s", dir, problem(images, found, want))
	}
	return &found[0].Base, nil
}

// list returns the images that an index names, directly or through indexes in it, each once.
func list(dir string, index []byte) ([]candidate, error) {
	parsed, err := v1.ParseIndexManifest(bytes.NewReader(index))
	if err != nil {
		return nil, err
	}
	var images []candidate
	for _, d := range parsed.Manifests {
		var below []candidate
		switch {
		case d.MediaType.IsIndex():
			data, err := blob(dir, d)
			if err != nil {
				return nil, err
			}
			below, err = list(dir, data)
			if err != nil {
				return nil, fmt.Errorf("index %s: %w", d.Digest, err)
			}
		case d.MediaType.IsImage():
			image, err := read(dir, d)
			if err != nil {
				return nil, err
			}
			if image != nil {
				below = []candidate{*image}
			}
		}
		for _, image := range below {
			if !slices.ContainsFunc(images, func(other candidate) bool { return other.digest == image.digest }) {
				images = append(images, image)
			}
		}
	}
	return images, nil
}

// read returns the image that d describes, or nil if it is a manifest of something else. Not every index gives a
// platform; the config does.
func read(dir string, d v1.Descriptor) (*candidate, error) {
	manifest, err := blob(dir, d)
	if err != nil {
		return nil, err
	}
	parsed, err := v1.ParseManifest(bytes.NewReader(manifest))
	if err != nil {
		return nil, fmt.Errorf("manifest %s: %w", d.Digest, err)
	}
	if t := parsed.Config.MediaType; t != types.OCIConfigJSON && t != types.DockerConfigJSON {
		return nil, nil
	}
	data, err := blob(dir, parsed.Config)
	if err != nil {
		return nil, err
	}
	config, err := v1.ParseConfigFile(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("config %s: %w", parsed.Config.Digest, err)
	}
	// Attestations have a config of an image's type.
	if config.OS == "" || config.OS == "unknown" || len(config.RootFS.DiffIDs) != len(parsed.Layers) {
		return nil, nil
	}
	platform := v1.Platform{OS: config.OS, Architecture: config.Architecture, Variant: config.Variant}
	if d.Platform != nil {
		platform = v1.Platform{OS: d.Platform.OS, Architecture: d.Platform.Architecture, Variant: d.Platform.Variant}
	}
	if platform.OS == "unknown" {
		return nil, nil
	}
	return &candidate{d.Digest, platform, ociimage.Base{Manifest: manifest, Config: data}}, nil
}

func blob(dir string, d v1.Descriptor) ([]byte, error) {
	path := filepath.Join(dir, "blobs", d.Digest.Algorithm, d.Digest.Hex)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	got, _, err := v1.SHA256(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if got != d.Digest {
		return nil, fmt.Errorf("%s has %s, want %s; fetch the layout again", path, got, d.Digest)
	}
	return data, nil
}

// fitting returns the images for a platform: those of exactly its variant, or else those that leave it open.
func fitting(images []candidate, want v1.Platform) []candidate {
	var exact, open []candidate
	for _, image := range images {
		if image.platform.OS != want.OS || image.platform.Architecture != want.Architecture {
			continue
		}
		switch have, want := variant(image.platform), variant(want); {
		case have == want:
			exact = append(exact, image)
		case have == "" || want == "":
			open = append(open, image)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return open
}

// variant is the platform's variant; that of arm64, which has only one, may be left out.
func variant(p v1.Platform) string {
	if p.Architecture == "arm64" && p.Variant == "" {
		return "v8"
	}
	return p.Variant
}

func problem(images, found []candidate, want v1.Platform) string {
	if len(found) > 1 {
		var digests []string
		for _, image := range found {
			digests = append(digests, image.digest.String())
		}
		return fmt.Sprintf("it has %d images for %s, want one: %s", len(found), want, strings.Join(digests, ", "))
	}
	var platforms []string
	for _, image := range images {
		platforms = append(platforms, image.platform.String())
	}
	if len(platforms) == 0 {
		return fmt.Sprintf("it has no image at all, want one for %s", want)
	}
	return fmt.Sprintf("it has no image for %s, only for %s; build for one of these, or fetch the layout for all platforms", want, strings.Join(platforms, ", "))
}
