package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
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
	if e.Code == http.StatusUnauthorized || e.Code == http.StatusForbidden {
		text += "; want credentials for this host, in ~/.netrc, HTTP_AUTH or a credential helper"
	}
	return text
}

// Is makes a missing file an ErrNotFound.
func (e *StatusError) Is(target error) bool {
	return target == ErrNotFound && (e.Code == http.StatusNotFound || e.Code == http.StatusGone)
}

// temporary reports whether a later attempt may succeed.
func (e *StatusError) temporary() bool {
	return e.Code >= 500 && e.Code != http.StatusNotImplemented || e.Code == http.StatusTooManyRequests || e.Code == http.StatusRequestTimeout
}

var (
	errStalled   = errors.New("the connection stalled")
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
	ctx, cancel := context.WithCancelCause(ctx)
	guard := newGuard(c.Stall, func() { cancel(errStalled) })
	resp, err := c.request(ctx, location, offset, etag, known)
	if err != nil {
		guard.stop()
		if cause := context.Cause(ctx); errors.Is(cause, errStalled) {
			err = cause
		}
		cancel(nil)
		return nil, err
	}
	b := &guarded{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, guard: guard}
	if known != nil && resp.StatusCode == http.StatusNotModified {
		return &response{ReadCloser: io.NopCloser(bytes.NewReader(known.data)), etag: known.etag}, b.Close()
	}
	if err := c.position(b, resp, offset, etag); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return &response{ReadCloser: b, etag: resp.Header.Get("ETag")}, nil
}

func (c *Client) request(ctx context.Context, location string, offset int64, etag string, known *fileCopy) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return nil, err
	}
	if c.UserAgent != "" {
		req.Header.Set("User-Agent", c.UserAgent)
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
	client := &http.Client{Transport: c.Transport, CheckRedirect: checkRedirect}
	resp, err := client.Do(req)
	if err != nil {
		// A url.Error holds the last URL of a redirection, which may carry a
		// secret in its query.
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return nil, err
	}
	return resp, nil
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

// position checks the answer and reads on to the offset where the server
// begins at the file's beginning.
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
	err := &StatusError{Code: resp.StatusCode}
	if seconds, parseErr := strconv.Atoi(resp.Header.Get("Retry-After")); parseErr == nil && seconds > 0 {
		err.RetryAfter = time.Duration(seconds) * time.Second
	}
	return err
}

// guarded is a body whose connection is cut when it stays silent.
type guarded struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	guard  *guard
}

func (g *guarded) Read(p []byte) (int, error) {
	g.guard.reset()
	n, err := g.ReadCloser.Read(p)
	// The reader may take its time with what it got.
	g.guard.stop()
	if err != nil && errors.Is(context.Cause(g.ctx), errStalled) {
		err = errStalled
	}
	return n, err
}

func (g *guarded) Close() error {
	g.guard.stop()
	g.cancel(nil)
	return g.ReadCloser.Close()
}

// guard calls a function unless it is reset or stopped in time.
type guard struct {
	timer *time.Timer
	after time.Duration
}

func newGuard(after time.Duration, expired func()) *guard {
	if after <= 0 {
		return &guard{}
	}
	return &guard{timer: time.AfterFunc(after, expired), after: after}
}

func (g *guard) reset() {
	if g.timer != nil {
		g.timer.Reset(g.after)
	}
}

func (g *guard) stop() {
	if g.timer != nil {
		g.timer.Stop()
	}
}
