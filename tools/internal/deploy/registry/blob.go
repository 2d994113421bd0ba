package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// HasBlob asks whether the repository has a blob. It is not known to be there where the registry does not tell.
func (r *Repository) HasBlob(ctx context.Context, blob v1.Descriptor) (bool, error) {
	var found bool
	err := r.retry(ctx, func() (err error) {
		found, err = r.hasBlob(ctx, blob)
		return err
	})
	if err != nil {
		return false, r.fail("asking for "+blob.Digest.String(), err)
	}
	return found, nil
}

func (r *Repository) hasBlob(ctx context.Context, blob v1.Descriptor) (bool, error) {
	resp, err := r.do(ctx, r.main, http.MethodHead, r.url("blobs", blob.Digest.String()), nil, 0)
	if unknown(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	// What answers everything with a page of its own is no registry, and has not this.
	return resp.StatusCode == http.StatusOK && says(resp, blob.Digest) &&
		(resp.ContentLength < 0 || resp.ContentLength == blob.Size || resp.Header.Get("Content-Encoding") != ""), nil
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
	// Open gives the blob's bytes, from the start, once for every attempt. They fail before the last byte if they are
	// not the blob's.
	Open func(context.Context) (io.ReadCloser, error)
}

// PushBlob sees to it that the repository has a blob: it asks for it first, then tries to mount it, then uploads it.
func (r *Repository) PushBlob(ctx context.Context, p Push) (Outcome, error) {
	found, err := r.HasBlob(ctx, p.Blob)
	if err != nil || found {
		return Existed, err
	}
	outcome := Uploaded
	from := p.From
	err = r.retry(ctx, func() error {
		location, mounted := r.mount(ctx, p.Blob, from)
		if mounted {
			outcome = Mounted
			return nil
		}
		from = nil // once is enough
		if location == nil {
			var err error
			if location, _, err = r.start(ctx, r.main, nil); err != nil {
				return err
			}
			if location == nil {
				return errors.New("the answer names no place to upload to")
			}
		}
		return r.upload(ctx, p, location)
	})
	if err != nil {
		return 0, r.fail("uploading "+p.Name, err)
	}
	return outcome, nil
}

// mount asks for the blob to be taken over from other repositories. It returns whether that was done, or else the place
// of an upload that the registry began in its stead, if it did. An error is no reason to stop: a source that cannot be
// read, or that nobody may read, is none.
func (r *Repository) mount(ctx context.Context, blob v1.Descriptor, sources []name.Repository) (location *url.URL, mounted bool) {
	if r.mounting == nil {
		return nil, false
	}
	for _, from := range sources {
		if from.Registry != r.Name.Registry || from == r.Name {
			continue
		}
		place, resp, err := r.start(ctx, r.mounting(), url.Values{"mount": {blob.Digest.String()}, "from": {from.RepositoryStr()}})
		switch {
		case err != nil:
		case resp.StatusCode == http.StatusCreated:
			return nil, true
		case place != nil:
			location = place
		default:
			// No place to go on, and no clear word either.
			if there, err := r.hasBlob(ctx, blob); err == nil && there {
				return nil, true
			}
		}
	}
	return location, false
}

// start begins an upload and returns where it goes on, nil if the answer does not tell.
func (r *Repository) start(ctx context.Context, s *session, query url.Values) (*url.URL, *http.Response, error) {
	u := r.url("blobs", "uploads/")
	u.RawQuery = query.Encode()
	resp, err := r.do(ctx, s, http.MethodPost, u, nil, 0)
	if err != nil {
		return nil, nil, err
	}
	location, err := resp.Location()
	if errors.Is(err, http.ErrNoLocation) {
		return nil, resp, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("place to upload to: %w", err)
	}
	// Behind a proxy that does TLS for it, a registry may believe that there is none.
	if location.Host == u.Host && u.Scheme == "https" {
		location.Scheme = "https"
	}
	return location, resp, nil
}

func (r *Repository) upload(ctx context.Context, p Push, location *url.URL) error {
	u := *location
	// The location may have a query of its own, which must stay.
	query := u.Query()
	query.Set("digest", p.Blob.Digest.String())
	u.RawQuery = query.Encode()
	body, err := p.Open(ctx)
	if err != nil {
		return err
	}
	defer body.Close()
	resp, err := r.do(ctx, r.main, http.MethodPut, &u, body, p.Blob.Size)
	switch {
	case status(err) == http.StatusNotFound:
		return &lostError{err} // the upload, and not the repository: that took its beginning
	case err != nil:
		return err
	case resp.StatusCode == http.StatusCreated && says(resp, p.Blob.Digest):
		return nil
	}
	// Whatever answers this may be no registry.
	there, err := r.hasBlob(ctx, p.Blob)
	if err != nil || !there {
		return &notThereError{answer: resp.Status, what: "blob " + p.Blob.Digest.String(), err: err}
	}
	return nil
}

// lostError says that the registry does not know an upload that it began: it is begun anew.
type lostError struct{ error }

func (e *lostError) Unwrap() error { return e.error }

// Passing is true.
func (e *lostError) Passing() bool { return true }

// OpenBlob returns the bytes of a blob of the repository, as the registry sends them.
func (r *Repository) OpenBlob(ctx context.Context, digest v1.Hash) (io.ReadCloser, error) {
	var body io.ReadCloser
	err := r.retry(ctx, func() error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url("blobs", digest.String()).String(), nil)
		if err != nil {
			return err
		}
		req.Header.Set("Accept-Encoding", "identity")
		resp, err := r.main.do(req)
		if err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			defer resp.Body.Close()
			return answerError(resp)
		}
		body = resp.Body
		return nil
	})
	if err != nil {
		return nil, r.fail("downloading "+digest.String(), err)
	}
	return body, nil
}

// do makes one request, whose answer has no body that matters. Only what begins with 2 is no error.
func (r *Repository) do(ctx context.Context, s *session, method string, u *url.URL, body io.Reader, size int64) (*http.Response, error) {
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
	resp, err := s.do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return nil, answerError(resp)
	}
	return resp, nil
}
