package apkrepo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/rules-apk/rules_apk/tools/internal/urlpath"
)

// Wanted is a package file that somebody vouches for: an index or a lock.
type Wanted struct {
	Name, Version, Arch string
	Checksum            string // "Q1…"
	Size                int64
	By                  string // who states checksum and size: "index" or "lock"
	Locations           []string
}

// Read hands a package file to consume, which verifies it. What the store has of it is used; if it turns out to be
// wrong, the file is read once more from the network, so consume may be called twice. Errors name package and location.
func (r *Reader) Read(ctx context.Context, want Wanted, progress func(n int), consume func(io.Reader) error) error {
	fresh, err := r.read(ctx, want, progress, consume)
	if err != nil && !fresh && ctx.Err() == nil {
		_, err = r.read(ctx, want, progress, consume)
	}
	if err != nil {
		return fmt.Errorf("package %q (%s), version %s: %w", want.Name, want.Arch, want.Version, err)
	}
	return nil
}

func (r *Reader) read(ctx context.Context, want Wanted, progress func(n int), consume func(io.Reader) error) (fresh bool, err error) {
	stored := r.Store != nil && urlpath.IsRemote(want.Locations[0])
	body, fresh, err := r.open(ctx, want, stored)
	if errors.Is(err, fs.ErrNotExist) {
		return true, &Deleted{Name: want.Name, err: err}
	}
	if err != nil {
		return true, err
	}
	counted := &counter{r: body, progress: progress, want: want}
	err = consume(counted)
	err = errors.Join(err, body.Close())
	if err == nil || counted.err != nil {
		// What the network failed to bring goes on from there next time.
		return fresh || counted.err != nil, err
	}
	if stored {
		err = errors.Join(err, r.Store.Discard(storeKey(want)))
	}
	if errors.Is(err, io.ErrUnexpectedEOF) && counted.n < want.Size {
		return fresh, fmt.Errorf("%s: the file is truncated: got %d bytes, want %d: %w", want.Locations[0], counted.n, want.Size, err)
	}
	return fresh, fmt.Errorf("%s: %w", want.Locations[0], err)
}

func (r *Reader) open(ctx context.Context, want Wanted, stored bool) (body io.ReadCloser, fresh bool, err error) {
	if stored {
		return r.Store.Open(ctx, storeKey(want), want.Size, want.Locations...)
	}
	body, err = r.Fetcher.Open(ctx, want.Locations...)
	return body, true, err
}

// storeKey is what a file is called: its location and its control section's checksum. The checksum alone does not do:
// the control section vouches for what comes after it, but not for the signature before it, so that the same package
// has other bytes in a repository that another key signed.
func storeKey(want Wanted) string {
	sum := sha256.Sum256([]byte(want.Checksum + "\n" + want.Locations[0]))
	return hex.EncodeToString(sum[:]) + ".apk"
}

// counter counts bytes, keeps the error that is not the consumer's, and fails at the first byte beyond the size that is
// stated.
type counter struct {
	r        io.Reader
	n        int64
	err      error
	progress func(n int)
	want     Wanted
	over     bool // there is more than the size
}

func (c *counter) Read(p []byte) (int, error) {
	if c.over {
		return 0, fmt.Errorf("the file has more than %d bytes, want exactly that many as the %s states: it is another build of this version, or no package at all", c.want.Size, c.want.By)
	}
	n, err := c.r.Read(p)
	// What comes first is handed on: it may tell better what is wrong.
	if left := c.want.Size - c.n; int64(n) > left {
		n, err, c.over = int(left), nil, true
	}
	c.n += int64(n)
	if c.progress != nil {
		c.progress(n)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}
