package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"
)

// body reads one file across broken connections.
type body struct {
	ctx       context.Context
	client    *Client
	locations []string // those not given up yet; the first is in use
	attempts  int      // at the first location, without a byte in between
	offset    int64
	etag      string
	current   *response
	failures  []error // one for each location given up
	deferred  int     // how many of the locations, the last ones, are to be tried again
	useCopies bool
}

func (b *body) Read(p []byte) (int, error) {
	for {
		n, err := b.current.Read(p)
		b.offset += int64(n)
		if n > 0 {
			b.attempts = 0
		}
		if err == nil || errors.Is(err, io.EOF) {
			return n, err
		}
		b.current.Close()
		if err := b.connect(err); err != nil {
			b.current = &response{ReadCloser: failed{err}}
			return n, err
		}
		if n > 0 {
			return n, nil
		}
	}
}

func (b *body) Close() error { return b.current.Close() }

// connect opens the file at the body's offset. The cause is what broke the connection before, or nil.
func (b *body) connect(cause error) error {
	for len(b.locations) > 0 {
		err := b.attempt(cause)
		if err == nil {
			return nil
		}
		if b.ctx.Err() != nil {
			return err
		}
		b.client.hosts.failed(b.locations[0], err)
		if unreachable(err) && b.deferred < len(b.locations)-1 {
			b.deferFirst(err)
		} else {
			b.giveUp(err)
		}
		cause = nil
	}
	return b.failure()
}

// attempt tries the first location until it opens or is hopeless.
func (b *body) attempt(err error) error {
	location := b.locations[0]
	retry := Retry{Attempts: b.client.Attempts, Wait: b.client.Backoff, Notify: func(err error, pause time.Duration) {
		b.client.notify("%s: %v; trying again in %s", location, err, pause)
	}}
	for {
		if err != nil {
			b.attempts++
			// A location that cannot be reached waits until the others were asked.
			if unreachable(err) && b.deferred < len(b.locations)-1 {
				return err
			}
			if err := retry.pause(b.ctx, b.attempts, err); err != nil {
				return err
			}
		}
		var resp *response
		var known *fileCopy
		if b.useCopies && b.offset == 0 {
			known = b.client.loadCopy(location)
		}
		resp, err = b.client.open(b.ctx, location, b.offset, b.etag, known)
		if err == nil {
			b.current, b.etag = resp, resp.etag
			return nil
		}
	}
}

// deferFirst puts the first location, which cannot be reached, behind the others.
func (b *body) deferFirst(err error) {
	first := b.locations[0]
	b.locations = append(slices.Clone(b.locations[1:]), first)
	b.deferred++
	b.attempts, b.etag = 0, ""
	b.client.notify("%s: %v; trying %s", first, err, b.locations[0])
}

func (b *body) giveUp(err error) {
	// The path is the location, which the message already has.
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		err = path.Err
	}
	b.failures = append(b.failures, fmt.Errorf("%s: %w", b.locations[0], err))
	b.locations = b.locations[1:]
	b.attempts, b.etag = 0, ""
	b.deferred = min(b.deferred, len(b.locations))
	if len(b.locations) > 0 {
		b.client.notify("%v; trying %s", b.failures[len(b.failures)-1], b.locations[0])
	}
}

// failure joins the errors of all locations. It is an ErrNotFound only if every location says so.
func (b *body) failure() error {
	err := errors.Join(b.failures...)
	for _, f := range b.failures {
		if !errors.Is(f, ErrNotFound) {
			return &unavailable{err}
		}
	}
	return err
}

// unavailable hides a "not found" of one mirror where another failed otherwise.
type unavailable struct{ error }

// As lets an answer be found all the same, so that somebody can say what to do about it.
func (u *unavailable) As(target any) bool {
	status, ok := target.(**StatusError)
	return ok && errors.As(u.error, status)
}

type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }
func (f failed) Close() error             { return nil }
