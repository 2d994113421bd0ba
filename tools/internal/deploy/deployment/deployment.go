// Package deployment is what a deploy spec names, read and checked: the documents of every image, where each goes, and
// where its blobs' bytes are.
package deployment

import (
	"bytes"
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
		if image.Index, err = document(spec.Index, root); err != nil {
			return nil, err
		}
		index, err := v1.ParseIndexManifest(bytes.NewReader(image.Index))
		if err != nil {
			return nil, fmt.Errorf("index %s: %w", spec.Index, err)
		}
		listed, source = index.Manifests, spec.Index
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
	raw, err := os.ReadFile(m.Manifest)
	if err != nil {
		return nil, notBuilt(err)
	}
	parsed, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("manifest %s: %w", m.Manifest, err)
	}
	digest, size, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	rawConfig, err := document(m.Config, parsed.Config)
	if err != nil {
		return nil, err
	}
	config, err := v1.ParseConfigFile(bytes.NewReader(rawConfig))
	if err != nil {
		return nil, fmt.Errorf("config %s: %w", m.Config, err)
	}
	if got, want := len(config.RootFS.DiffIDs), len(parsed.Layers); got != want {
		return nil, fmt.Errorf("config %s has %d diff_ids, want %d, as many as %s has layers", m.Config, got, want, m.Manifest)
	}
	return &Manifest{
		Descriptor: v1.Descriptor{MediaType: parsed.MediaType, Digest: digest, Size: size, Platform: config.Platform()},
		Raw:        raw, Manifest: parsed, RawConfig: rawConfig, Config: config,
	}, nil
}

// document reads a file that must be what desc describes.
func document(path string, desc v1.Descriptor) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, notBuilt(err)
	}
	digest, size, err := v1.SHA256(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if digest != desc.Digest || size != desc.Size {
		return nil, fmt.Errorf("%s is %s (%d bytes), want %s (%d bytes)", path, digest, size, desc.Digest, desc.Size)
	}
	return data, nil
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
