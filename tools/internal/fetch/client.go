// Package fetch speaks HTTP: it has the one policy for what is tried again, the bounds that servers are held to, and
// credentials. Its Client reads files from http, https and file URLs and from paths, resumes what broke off, and goes
// on to the next mirror.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"time"

	"github.com/rules-apk/rules_apk/tools/internal/urlpath"
)

// ErrNotFound is wrapped by the errors for a file that no location has.
var ErrNotFound = fs.ErrNotExist

// A Client reads files. Its zero value does not retry.
type Client struct {
	// Transport carries requests, below a Guard; nil means http.DefaultTransport.
	Transport http.RoundTripper
	// UserAgent goes into requests.
	UserAgent string
	// Attempts is how often one location is tried if it fails in a way that may pass, such as a timeout or status 503;
	// at least 1.
	Attempts int
	// Backoff is the pause before the second attempt; it doubles with each.
	Backoff time.Duration
	// Stall is how long a connection may have next to no progress; 0 means for ever.
	Stall time.Duration
	// Copies is a folder for what ReadAll read from servers that give an ETag, so that it need not be transferred again
	// while it stays the same. Empty means none.
	Copies string
	// Notify, if set, is told in words about each retry and each change to another mirror. It is called from the
	// reading goroutines.
	Notify func(message string)

	hosts hosts
}

// Open opens the first of the locations that has the file: a URL and then its mirrors. Those on a server that failed
// before, in the life of this Client, come last. The returned reader reconnects by itself where it breaks off, at the
// same or the next location, and must be closed. The error wraps ErrNotFound if no location has the file.
func (c *Client) Open(ctx context.Context, locations ...string) (io.ReadCloser, error) {
	return c.openAt(ctx, 0, locations)
}

func (c *Client) openAt(ctx context.Context, offset int64, locations []string) (*body, error) {
	b := &body{ctx: ctx, client: c, locations: c.hosts.order(locations), offset: offset}
	if err := b.connect(nil); err != nil {
		return nil, err
	}
	return b, nil
}

// ReadAll reads a whole file of at most limit bytes.
func (c *Client) ReadAll(ctx context.Context, limit int64, locations ...string) ([]byte, error) {
	b := &body{ctx: ctx, client: c, locations: c.hosts.order(locations), useCopies: true}
	if err := b.connect(nil); err != nil {
		return nil, err
	}
	defer b.Close()
	data, err := io.ReadAll(io.LimitReader(b, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s: more than %d bytes, want at most that", b.locations[0], limit)
	}
	if err := c.saveCopy(&fileCopy{url: b.locations[0], etag: b.etag, data: data}); err != nil {
		// Without a copy it is read again next time.
		c.notify("no copy is kept: %v", err)
	}
	return data, nil
}

func (c *Client) notify(format string, args ...any) {
	if c.Notify != nil {
		c.Notify(fmt.Sprintf(format, args...))
	}
}

// open makes one attempt at one location, from offset on.
func (c *Client) open(ctx context.Context, location string, offset int64, etag string, known *fileCopy) (*response, error) {
	if urlpath.IsRemote(location) {
		return c.get(ctx, location, offset, etag, known)
	}
	path, err := urlpath.Local(location)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &response{ReadCloser: f}, nil
}
