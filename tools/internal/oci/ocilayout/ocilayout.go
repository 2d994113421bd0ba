// Package ocilayout finds images in OCI image layouts that other tools made.
//
// The format is that of the OCI image specification, version 1.1, image-layout.md. Docker's media types are accepted,
// too: some tools keep them.
package ocilayout

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/rules-apk/rules_apk/tools/internal/oci/ocidoc"
	"github.com/rules-apk/rules_apk/tools/internal/verified"
)

// Limits of what is read of a layout.
const (
	maxDepth  = 8    // of indexes in indexes
	maxImages = 4096 // and indexes, in all
)

// Candidate is an image of a layout.
type Candidate struct {
	Digest   v1.Hash
	Platform v1.Platform
	*ocidoc.Image
}

// Select returns the layout's image for a platform. No image for the platform, or more than one, is an error.
func Select(dir string, want v1.Platform) (*ocidoc.Image, error) {
	images, err := List(dir)
	if err != nil {
		return nil, err
	}
	found := fitting(images, want)
	if len(found) != 1 {
		return nil, fmt.Errorf("OCI layout %s: %s", dir, problem(images, found, want))
	}
	return found[0].Image, nil
}

// List returns all images of a layout, their documents verified by the digests that lead to them from index.json. The
// layout's index may list indexes; whatever is no image, such as an attestation, is passed over. Layers are not looked
// at. Indexes in more than 8 others, and more than 4096 images and indexes, are errors.
func List(dir string) ([]Candidate, error) {
	if _, err := os.Stat(filepath.Join(dir, "oci-layout")); errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, fmt.Errorf("%s: it has no file oci-layout, want a directory in the OCI image layout, such as `skopeo copy --all … oci:DIR` makes", dir)
	} else if err != nil {
		return nil, err
	}
	data, err := readTop(filepath.Join(dir, "index.json"))
	if err != nil {
		return nil, fmt.Errorf("OCI layout: %w", err)
	}
	l := lister{dir: dir, seen: map[v1.Hash]bool{}}
	if err := l.index(data, 0); err != nil {
		return nil, fmt.Errorf("OCI layout %s: %w", dir, err)
	}
	return l.images, nil
}

// readTop reads index.json, which nothing names by its digest: it is what the build names.
func readTop(path string) (verified.Bytes, error) {
	f, err := os.Open(path)
	if err != nil {
		return verified.Bytes{}, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, ocidoc.MaxSize+1))
	if err != nil {
		return verified.Bytes{}, err
	}
	return verified.Trust(data, "the build"), nil
}

// lister collects the images that indexes name, directly or through indexes in them, each once.
type lister struct {
	dir    string
	seen   map[v1.Hash]bool
	images []Candidate
}

func (l *lister) index(data verified.Bytes, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("its indexes are nested more than %d deep", maxDepth)
	}
	index, err := ocidoc.Index(data)
	if err != nil {
		return err
	}
	for _, d := range index.Manifests {
		if l.seen[d.Digest] || !d.MediaType.IsIndex() && !d.MediaType.IsImage() {
			continue
		}
		if len(l.seen) == maxImages {
			return fmt.Errorf("it has more than %d images and indexes", maxImages)
		}
		l.seen[d.Digest] = true
		if err := l.descriptor(d, depth); err != nil {
			return fmt.Errorf("%s: %w", d.Digest, err)
		}
	}
	return nil
}

func (l *lister) descriptor(d v1.Descriptor, depth int) error {
	data, err := l.document(d)
	if err != nil {
		return err
	}
	if d.MediaType.IsIndex() {
		return l.index(data, depth+1)
	}
	image, err := l.image(data)
	if image == nil || err != nil {
		return err
	}
	// Not every index gives a platform; the config does.
	platform := image.Config().Platform()
	if d.Platform != nil {
		platform = d.Platform
	}
	if platform.OS == "unknown" {
		return nil
	}
	l.images = append(l.images, Candidate{d.Digest, v1.Platform{OS: platform.OS, Architecture: platform.Architecture, Variant: platform.Variant}, image})
	return nil
}

// image returns the image that a manifest is of, or nil if it is of something else.
func (l *lister) image(data verified.Bytes) (*ocidoc.Image, error) {
	manifest, err := ocidoc.Manifest(data)
	if err != nil {
		return nil, err
	}
	if t := manifest.Config.MediaType; t != types.OCIConfigJSON && t != types.DockerConfigJSON {
		return nil, nil
	}
	raw, err := l.document(manifest.Config)
	if err != nil {
		return nil, err
	}
	config, err := ocidoc.Config(raw)
	if err != nil {
		return nil, err
	}
	// Attestations have a config of an image's type.
	if config.OS == "" || config.OS == "unknown" || len(config.RootFS.DiffIDs) != len(manifest.Layers) {
		return nil, nil
	}
	return ocidoc.NewImage(data, raw.Copy())
}

func (l *lister) document(d v1.Descriptor) (verified.Bytes, error) {
	data, err := ocidoc.ReadFile(filepath.Join(l.dir, "blobs", d.Digest.Algorithm, d.Digest.Hex), d)
	if err != nil {
		return data, fmt.Errorf("%w; fetch the layout again", err)
	}
	return data, nil
}

// fitting returns the images for a platform: those of exactly its variant, or else those that leave it open.
func fitting(images []Candidate, want v1.Platform) []Candidate {
	var exact, open []Candidate
	for _, image := range images {
		if image.Platform.OS != want.OS || image.Platform.Architecture != want.Architecture {
			continue
		}
		switch have, want := variant(image.Platform), variant(want); {
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

func problem(images, found []Candidate, want v1.Platform) string {
	if len(found) > 1 {
		var digests []string
		for _, image := range found {
			digests = append(digests, image.Digest.String())
		}
		return fmt.Sprintf("it has %d images for %s, want one: %s", len(found), want, strings.Join(digests, ", "))
	}
	var platforms []string
	for _, image := range images {
		platforms = append(platforms, image.Platform.String())
	}
	if len(platforms) == 0 {
		return fmt.Sprintf("it has no image at all, want one for %s", want)
	}
	return fmt.Sprintf("it has no image for %s, only for %s; build for one of these, or fetch the layout for all platforms", want, strings.Join(platforms, ", "))
}
