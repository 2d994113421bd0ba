package registry

import (
	"context"
	"errors"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Manifest is a manifest or an index as it is uploaded.
type Manifest struct {
	Raw  []byte
	Type types.MediaType
}

// RawManifest returns the bytes.
func (m Manifest) RawManifest() ([]byte, error) { return m.Raw, nil }

// MediaType returns the media type.
func (m Manifest) MediaType() (types.MediaType, error) { return m.Type, nil }

// HasManifest asks whether ref, a tag or a digest of the repository, is the
// manifest with that digest.
func (r *Repository) HasManifest(ctx context.Context, ref name.Reference, digest v1.Hash) (bool, error) {
	var found bool
	err := r.client.retry(ctx, func() error {
		desc, err := r.puller.Head(ctx, ref)
		var answer *transport.Error
		// Some registries say 403 for what is not there.
		if errors.As(err, &answer) && (answer.StatusCode == http.StatusNotFound || answer.StatusCode == http.StatusForbidden) {
			return nil
		}
		found = err == nil && desc.Digest == digest
		return err
	})
	if err != nil {
		return false, r.fail("asking for "+ref.Identifier(), err)
	}
	return found, nil
}

// PutManifest writes a manifest under ref, a tag or its digest.
func (r *Repository) PutManifest(ctx context.Context, ref name.Reference, m Manifest) error {
	err := r.client.retry(ctx, func() error { return r.pusher.Put(ctx, ref, m) })
	if err != nil {
		return r.fail("writing manifest "+ref.Identifier(), err)
	}
	return nil
}

// Get reads the manifest or index that ref, a tag or a digest, names.
func (r *Repository) Get(ctx context.Context, ref name.Reference) (*remote.Descriptor, error) {
	var desc *remote.Descriptor
	err := r.client.retry(ctx, func() (err error) {
		desc, err = r.puller.Get(ctx, ref)
		return err
	})
	if err != nil {
		return nil, r.fail("reading manifest "+ref.Identifier(), err)
	}
	return desc, nil
}
