// Package ociarchive writes images as one tar: an OCI layout, or the archive that `docker save` makes.
package ociarchive

import (
	"archive/tar"
	"context"
	"encoding/json"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/deployment"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/ociblob"
)

// Image is an image of one platform and the names that it gets.
type Image struct {
	*deployment.Manifest
	Names []string // repository:tag
}

// Archive is a tar to write. The same archive has the same bytes every time.
type Archive struct {
	Images []Image
	Blobs  *ociblob.Store
	// Skip, if set, tells which layers to leave out: who reads the archive has them.
	Skip func(digest v1.Hash) bool
	// Done, if set, is told of every piece of a layer that was written.
	Done func(bytes int64)
}

// Size is how many bytes of layers the archive reads.
func (a *Archive) Size() int64 {
	var total int64
	_ = a.layers(func(desc v1.Descriptor) error { total += desc.Size; return nil })
	return total
}

// layers calls f for each layer that goes into the archive, once.
func (a *Archive) layers(f func(v1.Descriptor) error) error {
	seen := map[v1.Hash]bool{}
	for _, image := range a.Images {
		for _, desc := range image.Manifest.Manifest.Layers {
			if seen[desc.Digest] || a.Skip != nil && a.Skip(desc.Digest) {
				continue
			}
			seen[desc.Digest] = true
			if err := f(desc); err != nil {
				return err
			}
		}
	}
	return nil
}

// WriteOCI writes an OCI layout. Its index.json comes last, names each image once for every name that it has, and has
// no more than the given platforms.
func (a *Archive) WriteOCI(ctx context.Context, w io.Writer) error {
	t := &writer{Writer: tar.NewWriter(w), written: map[string]bool{}}
	if err := t.bytes("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)); err != nil {
		return err
	}
	err := a.layers(func(desc v1.Descriptor) error { return a.copy(ctx, t, blobPath(desc.Digest), desc) })
	if err != nil {
		return err
	}
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{}}
	for _, image := range a.Images {
		if err := t.bytes(blobPath(image.Manifest.Manifest.Config.Digest), image.RawConfig); err != nil {
			return err
		}
		if err := t.bytes(blobPath(image.Descriptor.Digest), image.Raw); err != nil {
			return err
		}
		for _, name := range image.Names {
			desc := image.Descriptor
			// The second is what containerd goes by, the first what everybody else does.
			desc.Annotations = map[string]string{"org.opencontainers.image.ref.name": name, "io.containerd.image.name": name}
			index.Manifests = append(index.Manifests, desc)
		}
		if len(image.Names) == 0 {
			index.Manifests = append(index.Manifests, image.Descriptor)
		}
	}
	text, err := json.Marshal(index)
	if err != nil {
		return err
	}
	if err := t.bytes("index.json", text); err != nil {
		return err
	}
	return t.Close()
}

// WriteDocker writes a Docker archive. Its manifest.json names the layers that were skipped, too.
func (a *Archive) WriteDocker(ctx context.Context, w io.Writer) error {
	t := &writer{Writer: tar.NewWriter(w), written: map[string]bool{}}
	err := a.layers(func(desc v1.Descriptor) error {
		if !isZstd(desc) {
			return a.copy(ctx, t, dockerPath(desc), desc)
		}
		return a.decompress(ctx, t, desc)
	})
	if err != nil {
		return err
	}
	type entry struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	var manifest []entry
	for _, image := range a.Images {
		e := entry{Config: image.Manifest.Manifest.Config.Digest.Hex + ".json", RepoTags: image.Names}
		for _, desc := range image.Manifest.Manifest.Layers {
			e.Layers = append(e.Layers, dockerPath(desc))
		}
		manifest = append(manifest, e)
		if err := t.bytes(e.Config, image.RawConfig); err != nil {
			return err
		}
	}
	text, err := json.Marshal(manifest)
	if err != nil {
		return err
	}
	if err := t.bytes("manifest.json", text); err != nil {
		return err
	}
	return t.Close()
}

func blobPath(digest v1.Hash) string { return "blobs/" + digest.Algorithm + "/" + digest.Hex }

func isZstd(desc v1.Descriptor) bool { return desc.MediaType == types.OCILayerZStd }

func dockerPath(desc v1.Descriptor) string {
	if isZstd(desc) {
		return desc.Digest.Hex + ".tar"
	}
	return desc.Digest.Hex + ".tar.gz"
}

func (a *Archive) copy(ctx context.Context, t *writer, name string, desc v1.Descriptor) error {
	r, err := a.Blobs.Open(ctx, desc)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := t.header(name, desc.Size); err != nil {
		return err
	}
	_, err = io.Copy(t, a.counted(r))
	return err
}

// decompress writes a zstd layer as a plain tar: Docker before version 23 does not know zstd. The layer is read twice,
// as a tar states sizes beforehand.
func (a *Archive) decompress(ctx context.Context, t *writer, desc v1.Descriptor) error {
	open := func(f func(io.Reader) error) error {
		r, err := a.Blobs.Open(ctx, desc)
		if err != nil {
			return err
		}
		defer r.Close()
		plain, err := zstd.NewReader(a.counted(r), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return fmt.Errorf("layer %s: %w", a.Blobs.Name(desc.Digest), err)
		}
		defer plain.Close()
		if err := f(plain); err != nil {
			return err
		}
		// To the end of the blob, where its digest is checked.
		_, err = io.Copy(io.Discard, r)
		return err
	}
	var size int64
	done := a.Done
	a.Done = nil
	err := open(func(r io.Reader) (err error) {
		size, err = io.Copy(io.Discard, r)
		return err
	})
	a.Done = done
	if err != nil {
		return err
	}
	return open(func(r io.Reader) error {
		if err := t.header(dockerPath(desc), size); err != nil {
			return err
		}
		_, err := io.Copy(t, r)
		return err
	})
}

func (a *Archive) counted(r io.Reader) io.Reader {
	if a.Done == nil {
		return r
	}
	return io.TeeReader(r, counter(a.Done))
}

type counter func(int64)

func (c counter) Write(p []byte) (int, error) {
	c(int64(len(p)))
	return len(p), nil
}

// writer is a tar whose entries differ in name, size and content only.
type writer struct {
	*tar.Writer
	written map[string]bool
}

func (t *writer) header(name string, size int64) error {
	t.written[name] = true
	return t.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: size, Typeflag: tar.TypeReg, Format: tar.FormatUSTAR})
}

// bytes writes a file once: images may share a config.
func (t *writer) bytes(name string, data []byte) error {
	if t.written[name] {
		return nil
	}
	if err := t.header(name, int64(len(data))); err != nil {
		return err
	}
	_, err := t.Write(data)
	return err
}
