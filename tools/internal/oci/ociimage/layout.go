package ociimage

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocidoc"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
	"github.com/rules-apk/rules_apk/tools/internal/verified"
)

// Layout is what an OCI image layout is made of.
type Layout struct {
	// Root is what index.json lists: an image or an image index.
	Root v1.Descriptor
	// Index is the document of Root if that is an index, else nil.
	Index []byte
	// Images are the documents of every image.
	Images []*ocidoc.Image
	Blobs  []Blob
	// Layouts are folders in the OCI image layout, in which layers are that Blobs does not have.
	Layouts []string
}

// Blob is a layer and the file that has its bytes, from the descriptor's offset on.
type Blob struct {
	Layer ocilayer.Descriptor
	File  string
}

// Write makes the layout in the folder dir, as the specification's image-layout.md says. The same blob in several
// images is written once; of Layouts only what an image names. Bytes that do not have the digest of their descriptor,
// and a document that lists what is not given, are errors.
func (l *Layout) Write(dir string) error {
	blobs := filepath.Join(dir, "blobs", "sha256")
	if err := os.MkdirAll(blobs, 0o755); err != nil {
		return fmt.Errorf("writing layout: %w", err)
	}
	have := map[v1.Hash]bool{}
	document := func(data []byte) error {
		digest := digestOf(data)
		have[digest] = true
		return atomicfile.WriteBytes(filepath.Join(blobs, digest.Hex), data)
	}
	for _, b := range l.Blobs {
		if have[b.Layer.Digest] {
			continue
		}
		if err := b.copyTo(filepath.Join(blobs, b.Layer.Digest.Hex)); err != nil {
			return err
		}
		have[b.Layer.Digest] = true
	}
	for _, image := range l.Images {
		if err := document(image.RawConfig().Copy()); err != nil {
			return err
		}
		if err := document(image.RawManifest().Copy()); err != nil {
			return err
		}
		for _, d := range image.Manifest().Layers {
			if !have[d.Digest] {
				var err error
				if have[d.Digest], err = l.copyFromLayouts(d, blobs); err != nil {
					return err
				}
			}
			// What may not be distributed is fetched from its own URLs by who runs the image.
			if !have[d.Digest] && !isNondistributable(d.MediaType) {
				return fmt.Errorf("layout: manifest %s lists %s (%s), which is not given", digestOf(image.RawManifest().Copy()), d.Digest, d.MediaType)
			}
		}
	}
	if l.Index != nil {
		if err := document(l.Index); err != nil {
			return err
		}
		verifiedIndex, err := verified.Digest(l.Index, l.Root.Digest.String())
		if err != nil {
			return fmt.Errorf("layout: index: %w, as its descriptor says; give the two of one index", err)
		}
		index, err := ocidoc.Index(verifiedIndex)
		if err != nil {
			return fmt.Errorf("layout: %w", err)
		}
		for _, d := range index.Manifests {
			if !have[d.Digest] {
				return fmt.Errorf("layout: the index lists %s, which is not given", d.Digest)
			}
		}
	}
	if !have[l.Root.Digest] {
		return fmt.Errorf("layout: the descriptor is of %s, which is not given", l.Root.Digest)
	}
	index, err := canonical(v1.IndexManifest{
		SchemaVersion: 2,
		MediaType:     types.OCIImageIndex,
		Manifests:     []v1.Descriptor{l.Root},
	})
	if err != nil {
		return fmt.Errorf("layout: index.json: %w", err)
	}
	if err := atomicfile.WriteBytes(filepath.Join(dir, "index.json"), index); err != nil {
		return err
	}
	// oci-layout comes last: its presence says that the rest is there.
	return atomicfile.WriteBytes(filepath.Join(dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`))
}

// copyFromLayouts writes a layer that one of the layouts has, and tells whether there is one.
func (l *Layout) copyFromLayouts(d v1.Descriptor, blobs string) (bool, error) {
	for _, dir := range l.Layouts {
		file := filepath.Join(dir, "blobs", d.Digest.Algorithm, d.Digest.Hex)
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return false, err
		}
		blob := Blob{Layer: ocilayer.Descriptor{Digest: d.Digest, Size: d.Size, Name: "of the base image"}, File: file}
		return true, blob.copyTo(filepath.Join(blobs, d.Digest.Hex))
	}
	return false, nil
}

func (b Blob) copyTo(path string) error {
	f, err := os.Open(b.File)
	if err != nil {
		return fmt.Errorf("layer %s: %w", b.Layer.Name, err)
	}
	defer f.Close()
	return atomicfile.Write(path, func(w io.Writer) error {
		h := sha256.New()
		n, err := io.Copy(io.MultiWriter(w, h), io.NewSectionReader(f, b.Layer.Offset, b.Layer.Size))
		if err != nil {
			return err
		}
		if n != b.Layer.Size {
			return fmt.Errorf("layer %s: %s has %d bytes from offset %d on, want %d", b.Layer.Name, b.File, n, b.Layer.Offset, b.Layer.Size)
		}
		if got := hex.EncodeToString(h.Sum(nil)); got != b.Layer.Digest.Hex {
			return fmt.Errorf("layer %s: %s has sha256:%s at offset %d, want %s", b.Layer.Name, b.File, got, b.Layer.Offset, b.Layer.Digest)
		}
		return nil
	})
}

func isNondistributable(t types.MediaType) bool {
	return !t.IsDistributable() || t == ociRestrictedLayerZstd || t == dockerForeignUncompressedLayer || t == dockerForeignLayerZstd
}
