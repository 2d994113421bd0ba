// Package deployment is what a deploy spec names, read and checked: the documents of every image, where each goes, and
// where its blobs' bytes are.
package deployment

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/deployspec"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/ociblob"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/refname"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocidoc"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ociimage"
)

// Deployment is a set of images and the bytes of their layers.
type Deployment struct {
	Images []*Image
	Blobs  *ociblob.Store
}

// Image is an image, or an index of images, and where it goes.
type Image struct {
	// Root describes what is tagged: the index, or the only manifest.
	Root v1.Descriptor
	// Index is the index's document; nil for a single image.
	Index []byte
	// Manifests are in the index's order.
	Manifests  []*Manifest
	Repository string
	Tags       []string
	MountFrom  []name.Repository
}

// Manifest is one image: its two documents, as bytes and parsed.
type Manifest struct {
	Descriptor v1.Descriptor // with the platform
	Raw        []byte
	Manifest   *v1.Manifest
	RawConfig  []byte
	Config     *v1.ConfigFile
}

// Read reads what spec, resolved and stamped, names. Documents that do not belong together are errors. Blobs are not
// opened.
func Read(spec *deployspec.Spec) (*Deployment, error) {
	blobs, err := store(spec)
	if err != nil {
		return nil, err
	}
	d := &Deployment{Blobs: blobs}
	for i, image := range spec.Images {
		read, err := readImage(image)
		if err != nil {
			return nil, fmt.Errorf("images[%d]: %w", i, err)
		}
		// A repository that a base image is pulled from has its layers, too.
		read.MountFrom = append(read.MountFrom, blobs.Repositories...)
		d.Images = append(d.Images, read)
	}
	return d, nil
}

func store(spec *deployspec.Spec) (*ociblob.Store, error) {
	s := &ociblob.Store{Layouts: spec.Layouts}
	for i, layer := range spec.Layers {
		if _, err := s.AddLayer(layer); err != nil {
			return nil, fmt.Errorf("layers[%d]: %w", i, err)
		}
	}
	var err error
	if s.Repositories, err = repositories(spec.PullFrom); err != nil {
		return nil, fmt.Errorf("pull_from: %w", err)
	}
	return s, nil
}

func repositories(names []string) ([]name.Repository, error) {
	var list []name.Repository
	for _, n := range names {
		r, err := refname.Repository(n)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

func readImage(spec deployspec.Image) (*Image, error) {
	text, err := os.ReadFile(spec.Descriptor)
	if err != nil {
		return nil, notBuilt(err)
	}
	root, err := ociimage.ParseDescriptor(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", spec.Descriptor, err)
	}
	image := &Image{Root: root, Repository: spec.Repository, Tags: spec.Tags}
	if image.MountFrom, err = repositories(spec.MountFrom); err != nil {
		return nil, fmt.Errorf("mount_from: %w", err)
	}
	manifests := map[v1.Hash]*Manifest{}
	for _, m := range spec.Manifests {
		manifest, err := readManifest(m)
		if err != nil {
			return nil, err
		}
		manifests[manifest.Descriptor.Digest] = manifest
	}
	listed := []v1.Descriptor{root}
	source := spec.Descriptor
	if spec.Index != "" {
		raw, err := ocidoc.ReadFile(spec.Index, root)
		if err != nil {
			return nil, notBuilt(err)
		}
		index, err := ocidoc.Index(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", spec.Index, err)
		}
		image.Index, listed, source = []byte(raw.String()), index.Manifests, spec.Index
	}
	for _, desc := range listed {
		manifest := manifests[desc.Digest]
		if manifest == nil {
			return nil, fmt.Errorf("%s names the manifest %s, which is none of the given ones", source, desc.Digest)
		}
		delete(manifests, desc.Digest)
		manifest.Descriptor.MediaType = desc.MediaType
		if desc.Platform != nil {
			manifest.Descriptor.Platform = desc.Platform
		}
		image.Manifests = append(image.Manifests, manifest)
	}
	for digest := range manifests {
		return nil, fmt.Errorf("%s does not name the given manifest %s", source, digest)
	}
	return image, nil
}

func readManifest(m deployspec.Manifest) (*Manifest, error) {
	manifest, err := os.ReadFile(m.Manifest)
	if err != nil {
		return nil, notBuilt(err)
	}
	config, err := os.ReadFile(m.Config)
	if err != nil {
		return nil, notBuilt(err)
	}
	// That this is a manifest of the image is for the caller to see: its digest is in the descriptor or in the index.
	image, err := ocidoc.BuiltImage(manifest, config)
	if err != nil {
		return nil, fmt.Errorf("manifest %s, config %s: %w", m.Manifest, m.Config, err)
	}
	desc, err := image.Descriptor()
	if err != nil {
		return nil, err
	}
	return &Manifest{Descriptor: desc, Raw: manifest, Manifest: image.Manifest(), RawConfig: config, Config: image.Config()}, nil
}

func notBuilt(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w; build the target again", err)
	}
	return err
}

// Descriptors are the blobs of the image: its layers, then its config. A digest that is there twice is listed once.
func (m *Manifest) Descriptors() []v1.Descriptor {
	var list []v1.Descriptor
	for _, desc := range append(slices.Clone(m.Manifest.Layers), m.Manifest.Config) {
		if !slices.ContainsFunc(list, func(d v1.Descriptor) bool { return d.Digest == desc.Digest }) {
			list = append(list, desc)
		}
	}
	return list
}
