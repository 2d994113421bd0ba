// Package ocidoc reads the JSON documents of images: manifests, configs and indexes. It takes only what was verified.
//
// The formats are those of the OCI image specification, version 1.1, and of Docker, version 2, which are alike.
package ocidoc

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/rules-apk/rules_apk/tools/internal/verified"
)

// MaxSize is the number of bytes that a document may have: what registries have to take of a manifest (OCI distribution
// specification, "Pushing manifests").
const MaxSize = 4 << 20

// ReadFile reads the document that d describes from a file. Another size or digest, and a size above MaxSize, are
// errors.
func ReadFile(path string, d v1.Descriptor) (verified.Bytes, error) {
	if err := checkDescriptor(d); err != nil {
		return verified.Bytes{}, err
	}
	if d.Size > MaxSize {
		return verified.Bytes{}, fmt.Errorf("%s is to have %d bytes, but a document of an image has at most %d", d.Digest, d.Size, MaxSize)
	}
	f, err := os.Open(path)
	if err != nil {
		return verified.Bytes{}, err
	}
	defer f.Close()
	b, err := verified.Read(f, d.Size, d.Digest.String())
	if err != nil {
		return verified.Bytes{}, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

// Index reads an image index.
func Index(b verified.Bytes) (*v1.IndexManifest, error) {
	var index v1.IndexManifest
	if err := decode(b, &index); err != nil {
		return nil, fmt.Errorf("image index: %w", err)
	}
	if index.MediaType != "" && !index.MediaType.IsIndex() {
		return nil, fmt.Errorf("image index: mediaType is %q, want that of an index", index.MediaType)
	}
	for i, d := range index.Manifests {
		if err := checkDescriptor(d); err != nil {
			return nil, fmt.Errorf("image index: manifests[%d]: %w", i, err)
		}
	}
	return &index, nil
}

// Manifest reads the manifest of an image, or of what is stored like one.
func Manifest(b verified.Bytes) (*v1.Manifest, error) {
	var manifest v1.Manifest
	if err := decode(b, &manifest); err != nil {
		return nil, fmt.Errorf("image manifest: %w", err)
	}
	if manifest.MediaType != "" && !manifest.MediaType.IsImage() {
		return nil, fmt.Errorf("image manifest: mediaType is %q, want that of an image", manifest.MediaType)
	}
	if err := checkDescriptor(manifest.Config); err != nil {
		return nil, fmt.Errorf("image manifest: config: %w", err)
	}
	for i, d := range manifest.Layers {
		if err := checkDescriptor(d); err != nil {
			return nil, fmt.Errorf("image manifest: layers[%d]: %w", i, err)
		}
	}
	return &manifest, nil
}

// Config reads the config of an image.
func Config(b verified.Bytes) (*v1.ConfigFile, error) {
	var config v1.ConfigFile
	if err := decode(b, &config); err != nil {
		return nil, fmt.Errorf("image config: %w", err)
	}
	return &config, nil
}

func decode(b verified.Bytes, dst any) error {
	if b.Len() > MaxSize {
		return fmt.Errorf("it has %d bytes, want at most %d", b.Len(), MaxSize)
	}
	dec := json.NewDecoder(b.Reader())
	if err := dec.Decode(dst); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("it has more after the first JSON value, want one object")
	}
	return nil
}

func checkDescriptor(d v1.Descriptor) error {
	switch {
	case d.Digest == v1.Hash{}:
		return errors.New("digest is missing")
	case d.Size < 0:
		return fmt.Errorf("size is %d, want none below zero", d.Size)
	}
	return nil
}

// Image is an image's two documents, as bytes and read. The config is the one that the manifest names, and has a
// diff_id for each layer. Only NewImage makes one.
type Image struct {
	rawManifest, rawConfig verified.Bytes
	manifest               *v1.Manifest
	config                 *v1.ConfigFile
}

// NewImage reads a manifest and verifies the config by it.
func NewImage(manifest verified.Bytes, config []byte) (*Image, error) {
	image := &Image{rawManifest: manifest}
	var err error
	if image.manifest, err = Manifest(manifest); err != nil {
		return nil, err
	}
	image.rawConfig, err = verified.Digest(config, image.manifest.Config.Digest.String())
	var mismatch *verified.Mismatch
	if errors.As(err, &mismatch) {
		return nil, fmt.Errorf("image config: digest is %s, but the manifest wants %s; give the two of one image", mismatch.Got, mismatch.Want)
	}
	if err != nil {
		return nil, fmt.Errorf("image config: %w", err)
	}
	if image.config, err = Config(image.rawConfig); err != nil {
		return nil, err
	}
	if got, want := len(image.config.RootFS.DiffIDs), len(image.manifest.Layers); got != want {
		return nil, fmt.Errorf("image config: got %d diff_ids, but the manifest has %d layers", got, want)
	}
	return image, nil
}

// BuiltImage reads the documents of an image that the very build that reads them has made, or has verified before.
func BuiltImage(manifest, config []byte) (*Image, error) {
	return NewImage(verified.Trust(manifest, "the build"), config)
}

// RawManifest returns the manifest's bytes.
func (i *Image) RawManifest() verified.Bytes { return i.rawManifest }

// RawConfig returns the config's bytes.
func (i *Image) RawConfig() verified.Bytes { return i.rawConfig }

// Manifest returns a manifest of the caller's own.
func (i *Image) Manifest() *v1.Manifest { return i.manifest.DeepCopy() }

// Config returns a config of the caller's own.
func (i *Image) Config() *v1.ConfigFile { return i.config.DeepCopy() }

// Descriptor describes the image as an index lists it, with the platform that its config states.
func (i *Image) Descriptor() (v1.Descriptor, error) {
	digest, err := v1.NewHash(verified.DigestOf(i.rawManifest.String()))
	if err != nil {
		return v1.Descriptor{}, err
	}
	mediaType := i.manifest.MediaType
	if mediaType == "" { // OCI lets it out where that is clear
		mediaType = types.OCIManifestSchema1
	}
	return v1.Descriptor{MediaType: mediaType, Size: int64(i.rawManifest.Len()), Digest: digest, Platform: i.config.Platform()}, nil
}
