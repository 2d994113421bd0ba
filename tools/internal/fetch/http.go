package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const maxRedirects = 10

// A StatusError is an answer that is not the file.
type StatusError struct {
	Code int
	// RetryAfter is what the server asks for, or 0.
	RetryAfter time.Duration
}

func (e *StatusError) Error() string {
	text := fmt.Sprintf("the server says %d %s", e.Code, http.StatusText(e.Code))
	if e.Refused() {
		text += "; want credentials for this host (docs/credentials.md)"
	}
	return text
}

// Refused reports whether the server wants other credentials.
func (e *StatusError) Refused() bool {
	return e.Code == http.StatusUnauthorized || e.Code == http.StatusForbidden
}

// Is makes a missing file an ErrNotFound.
func (e *StatusError) Is(target error) bool {
	return target == ErrNotFound && (e.Code == http.StatusNotFound || e.Code == http.StatusGone)
}

// Passing reports whether a later attempt may succeed.
func (e *StatusError) Passing() bool {
	return e.Code >= 500 && e.Code != http.StatusNotImplemented && e.Code != http.StatusHTTPVersionNotSupported ||
		e.Code == http.StatusTooManyRequests || e.Code == http.StatusRequestTimeout
}

// NewStatusError is the StatusError of an answer.
func NewStatusError(resp *http.Response) *StatusError {
	return &StatusError{Code: resp.StatusCode, RetryAfter: retryAfter(resp.Header, time.Now())}
}

var (
	errChanged   = errors.New("the file changed on the server while it was read; want the same ETag as before: try again")
	errDowngrade = errors.New("the server redirects from https to http, which is not followed")
)

// A response is an open file or HTTP body.
type response struct {
	io.ReadCloser
	etag string
}

// get makes one request. The answer may be that a known copy still is the file.
func (c *Client) get(ctx context.Context, location string, offset int64, etag string, known *fileCopy) (*response, error) {
	resp, err := c.request(ctx, location, offset, etag, known)
	if err != nil {
		return nil, err
	}
	if known != nil && resp.StatusCode == http.StatusNotModified {
		return &response{ReadCloser: io.NopCloser(bytes.NewReader(known.data)), etag: known.etag}, resp.Body.Close()
	}
	if err := c.position(resp.Body, resp, offset, etag); err != nil {
		return nil, errors.Join(err, resp.Body.Close())
	}
	return &response{ReadCloser: resp.Body, etag: resp.Header.Get("ETag")}, nil
}

func (c *Client) request(ctx context.Context, location string, offset int64, etag string, known *fileCopy) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return nil, err
	}
	// Without this, a transport may ask for, and undo, a compression of its own.
	req.Header.Set("Accept-Encoding", "identity")
	if known != nil {
		req.Header.Set("If-None-Match", known.etag)
	}
	if offset > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
		if isStrong(etag) {
			req.Header.Set("If-Range", etag)
		}
	}
	base := c.Transport
	if base == nil {
		base = http.DefaultTransport
	}
	client := &http.Client{Transport: &Guard{Base: base, UserAgent: c.UserAgent, Stall: c.Stall}, CheckRedirect: checkRedirect}
	return Do(client, req)
}

// Do makes a request. Its errors do not name the last URL of a redirection, which may carry a secret in its query.
func Do(client *http.Client, req *http.Request) (*http.Response, error) {
	resp, err := client.Do(req)
	var u *url.Error
	if errors.As(err, &u) {
		return nil, u.Err
	}
	return resp, err
}

func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= maxRedirects {
		return fmt.Errorf("more than %d redirections", maxRedirects)
	}
	if via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return errDowngrade
	}
	return nil
}

// isStrong tells the ETags that If-Range may have.
func isStrong(etag string) bool { return etag != "" && !strings.HasPrefix(etag, "W/") }

// position checks the answer and reads on to the offset where the server begins at the file's beginning.
func (c *Client) position(b io.Reader, resp *http.Response, offset int64, etag string) error {
	switch resp.StatusCode {
	case http.StatusOK:
		if got := resp.Header.Get("ETag"); offset > 0 && etag != "" && got != etag {
			return errChanged
		}
		_, err := io.CopyN(io.Discard, b, offset)
		return err
	case http.StatusPartialContent:
		if got, want := resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", offset); !strings.HasPrefix(got, want) {
			return fmt.Errorf("the server sent the range %q, want %q", got, want)
		}
		return nil
	}
	return NewStatusError(resp)
}
