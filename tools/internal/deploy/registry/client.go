// Package registry reads and writes repositories of OCI registries: the
// distribution specification's requests, with credentials and retries.
package registry

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/ociblob"
)

// Client opens repositories. Its fields are not to be changed after the first Open.
type Client struct {
	Transport http.RoundTripper
	Keychain  authn.Keychain
	// Attempts is how often a request is made in all, if it fails in a way that may pass.
	Attempts int
	// Wait is the pause before the second attempt; every later one is three times as long.
	Wait time.Duration
	// Retrying, if set, is told of every failed attempt that is not the last.
	Retrying func(err error, wait time.Duration)
}

// Access is what a repository is opened for.
type Access struct {
	Push bool
	// MountFrom are repositories whose blobs may be mounted.
	MountFrom []name.Repository
}

// Repository is one repository, logged in to.
type Repository struct {
	Name   name.Repository
	client *Client
	http   *http.Client
	puller *remote.Puller
	pusher *remote.Pusher
}

// Open logs in to a repository. Errors of it and of its methods are *Error.
func (c *Client) Open(ctx context.Context, repository name.Repository, access Access) (*Repository, error) {
	auth, err := authn.Resolve(ctx, c.Keychain, repository)
	if err != nil {
		return nil, &Error{Repository: repository.Name(), Doing: "looking for credentials", Err: err}
	}
	scope := transport.PullScope
	if access.Push {
		scope = transport.PushScope
	}
	// Some token servers look at the first scope only: the repository itself comes first.
	scopes := []string{repository.Scope(scope)}
	for _, from := range access.MountFrom {
		if from.Registry == repository.Registry && from != repository {
			scopes = append(scopes, from.Scope(transport.PullScope))
		}
	}
	r := &Repository{Name: repository, client: c}
	var rt http.RoundTripper
	err = c.retry(ctx, func() (err error) {
		rt, err = transport.NewWithContext(ctx, repository.Registry, auth, c.Transport, scopes)
		return err
	})
	if err != nil {
		return nil, r.fail("logging in", err)
	}
	r.http = &http.Client{Transport: rt}
	// Retrying is done here, where it heeds the context, so remote's own is off.
	options := []remote.Option{remote.WithTransport(rt), remote.WithRetryPredicate(func(error) bool { return false })}
	if r.puller, err = remote.NewPuller(options...); err != nil {
		return nil, r.fail("logging in", err)
	}
	if r.pusher, err = remote.NewPusher(options...); err != nil {
		return nil, r.fail("logging in", err)
	}
	return r, nil
}

// retry calls f until it succeeds, fails for good, or has failed often enough.
func (c *Client) retry(ctx context.Context, f func() error) error {
	wait := c.Wait
	for attempt := 1; ; attempt++ {
		err := f()
		if err == nil || attempt >= c.Attempts || ctx.Err() != nil || !temporary(err) {
			return err
		}
		if c.Retrying != nil {
			c.Retrying(err, wait)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C:
		}
		wait *= 3
	}
}

// temporary tells whether what failed with err may succeed if done again.
func temporary(err error) bool {
	var corrupt *ociblob.CorruptError
	if errors.As(err, &corrupt) {
		return corrupt.Temporary()
	}
	var answer *transport.Error
	if errors.As(err, &answer) {
		return answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode != http.StatusMethodNotAllowed && answer.Temporary()
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return true
	}
	for _, passing := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.EPIPE} {
		if errors.Is(err, passing) {
			return true
		}
	}
	return false
}
