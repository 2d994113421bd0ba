package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// HasBlob asks whether the repository has a blob.
func (r *Repository) HasBlob(ctx context.Context, digest v1.Hash) (bool, error) {
	var found bool
	err := r.client.retry(ctx, func() error {
		resp, err := r.do(ctx, http.MethodHead, r.url("blobs", digest.String()), nil, 0, http.StatusOK, http.StatusNotFound)
		found = err == nil && resp.StatusCode == http.StatusOK
		return err
	})
	if err != nil {
		return false, r.fail("asking for "+digest.String(), err)
	}
	return found, nil
}

// Outcome is how a blob got into a repository.
type Outcome int

// The outcomes of PushBlob.
const (
	Existed Outcome = iota
	Mounted
	Uploaded
)

// String is what happened to the blob, in a word.
func (o Outcome) String() string {
	return [...]string{"existed", "mounted", "uploaded"}[o]
}

// Push is a blob on its way into a repository.
type Push struct {
	Blob v1.Descriptor
	Name string // for messages
	// From are repositories that may have the blob; those of other registries are not asked.
	From []name.Repository
	// Open gives the blob's bytes, from the start, once for every attempt. They
	// fail before the last byte if they are not the blob's.
	Open func(context.Context) (io.ReadCloser, error)
}

// PushBlob sees to it that the repository has a blob: it asks for it first,
// then tries to mount it, then uploads it.
func (r *Repository) PushBlob(ctx context.Context, p Push) (Outcome, error) {
	found, err := r.HasBlob(ctx, p.Blob.Digest)
	if err != nil || found {
		return Existed, err
	}
	outcome := Uploaded
	err = r.client.retry(ctx, func() error {
		location, err := r.mount(ctx, p)
		if err == nil && location == "" {
			outcome = Mounted
			return nil
		}
		if err != nil {
			if location, err = r.start(ctx, nil); err != nil {
				return err
			}
		}
		return r.upload(ctx, p, location)
	})
	if err != nil {
		return 0, r.fail("uploading "+p.Name, err)
	}
	return outcome, nil
}

var errNoMount = errors.New("nowhere to mount from")

// mount asks for the blob to be taken over from other repositories. It returns
// no location if that was done, else that of the upload which the registry
// began in its stead, or an error.
func (r *Repository) mount(ctx context.Context, p Push) (string, error) {
	location, err := "", errNoMount
	for _, from := range p.From {
		if from.Registry != r.Name.Registry || from == r.Name {
			continue
		}
		// An error here is no reason to stop: a source that cannot be read is none.
		location, err = r.start(ctx, url.Values{"mount": {p.Blob.Digest.String()}, "from": {from.RepositoryStr()}})
		if err == nil && location == "" {
			return "", nil
		}
	}
	return location, err
}

// start begins an upload and returns where it goes on.
func (r *Repository) start(ctx context.Context, query url.Values) (string, error) {
	u := r.url("blobs", "uploads/")
	u.RawQuery = query.Encode()
	resp, err := r.do(ctx, http.MethodPost, u, nil, 0, http.StatusCreated, http.StatusAccepted)
	if err != nil || resp.StatusCode == http.StatusCreated {
		return "", err
	}
	location, err := resp.Location()
	if err != nil {
		return "", fmt.Errorf("%s %s: the answer names no place to upload to", http.MethodPost, u)
	}
	return location.String(), nil
}

func (r *Repository) upload(ctx context.Context, p Push, location string) error {
	u, err := url.Parse(location)
	if err != nil {
		return fmt.Errorf("place to upload to: %w", err)
	}
	// The location may have a query of its own, which must stay.
	query := u.Query()
	query.Set("digest", p.Blob.Digest.String())
	u.RawQuery = query.Encode()
	body, err := p.Open(ctx)
	if err != nil {
		return err
	}
	defer body.Close()
	_, err = r.do(ctx, http.MethodPut, u, body, p.Blob.Size, http.StatusCreated, http.StatusNoContent)
	return err
}

// OpenBlob returns the bytes of a blob of the repository, as the registry sends them.
func (r *Repository) OpenBlob(ctx context.Context, digest v1.Hash) (io.ReadCloser, error) {
	var body io.ReadCloser
	err := r.client.retry(ctx, func() error {
		layer, err := r.puller.Layer(ctx, r.Name.Digest(digest.String()))
		if err != nil {
			return err
		}
		body, err = layer.Compressed()
		return err
	})
	if err != nil {
		return nil, r.fail("downloading "+digest.String(), err)
	}
	return body, nil
}

func (r *Repository) url(kind, what string) *url.URL {
	return &url.URL{
		Scheme: r.Name.Scheme(), Host: r.Name.RegistryStr(),
		Path: fmt.Sprintf("/v2/%s/%s/%s", r.Name.RepositoryStr(), kind, what),
	}
}

// do makes one request, whose answer has no body that matters.
func (r *Repository) do(ctx context.Context, method string, u *url.URL, body io.Reader, size int64, want ...int) (*http.Response, error) {
	if size == 0 {
		// A reader of no known length would be sent in chunks.
		body = nil
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, err
	}
	req.ContentLength = size
	if body != nil {
		req.Header.Set("Content-Type", "application/octet-stream")
	}
	resp, err := r.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return resp, transport.CheckError(resp, want...)
}

// BlobReader returns a function that reads blobs of any repository. It logs in
// to each once, and can be called from several goroutines.
func (c *Client) BlobReader() func(context.Context, name.Digest) (io.ReadCloser, error) {
	var mu sync.Mutex
	opened := map[name.Repository]*Repository{}
	open := func(ctx context.Context, repository name.Repository) (*Repository, error) {
		mu.Lock()
		defer mu.Unlock()
		if r := opened[repository]; r != nil {
			return r, nil
		}
		r, err := c.Open(ctx, repository, Access{})
		if err == nil {
			opened[repository] = r
		}
		return r, err
	}
	return func(ctx context.Context, ref name.Digest) (io.ReadCloser, error) {
		digest, err := v1.NewHash(ref.DigestStr())
		if err != nil {
			return nil, err
		}
		r, err := open(ctx, ref.Context())
		if err != nil {
			return nil, err
		}
		return r.OpenBlob(ctx, digest)
	}
}
