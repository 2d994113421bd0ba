// Package registry reads and writes repositories of OCI registries: the distribution specification's requests, made so
// that they also serve where registries, proxies and token servers keep to it loosely.
package registry

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/fetch"
)

// Client opens repositories. Its fields are not to be changed after the first Open.
type Client struct {
	// Transport carries requests, below a fetch.Guard.
	Transport http.RoundTripper
	Keychain  authn.Keychain
	Retry     fetch.Retry
	// Stall is how long a connection may have next to no progress; 0 means for ever.
	Stall time.Duration
	// Insecure are the registries, host and maybe port, that are spoken to without TLS, beside those on a loopback
	// address.
	Insecure []string
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
	main   *session
	// mounting is a session with the right to read other repositories, too. A token server may refuse all rights where
	// it would refuse one of them, so they are asked for only where they are needed. Nil if there is nothing to mount
	// from.
	mounting func() *session
}

// Open logs in to a repository. Errors of it and of its methods are *Error.
func (c *Client) Open(ctx context.Context, repository name.Repository, access Access) (*Repository, error) {
	auth, err := authn.Resolve(ctx, c.Keychain, repository)
	if err != nil {
		return nil, &Error{Repository: repository.Name(), Doing: "looking for credentials", Err: err, hint: hintOf(err)}
	}
	own := repository.Scope("pull")
	if access.Push {
		own = repository.Scope("push,pull")
	}
	r := &Repository{Name: repository, client: c}
	r.main = c.session(repository.Registry, auth, own)
	if err := c.Retry.Do(ctx, func() error { return r.main.begin(ctx) }); err != nil {
		return nil, r.fail("logging in", err)
	}
	// Some token servers look at the first scope only: the repository itself comes first.
	scopes := []string{own}
	for _, from := range access.MountFrom {
		if from.Registry == repository.Registry && from != repository {
			scopes = append(scopes, from.Scope("pull"))
		}
	}
	if len(scopes) > 1 {
		r.mounting = sync.OnceValue(func() *session { return r.main.withScopes(scopes) })
	}
	return r, nil
}

// scheme is http for registries on a loopback address and those that are said to be insecure.
func (c *Client) scheme(registry name.Registry) string {
	if slices.Contains(c.Insecure, registry.RegistryStr()) || isLoopback(registry.RegistryStr()) {
		return "http"
	}
	return "https"
}

func isLoopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

func (r *Repository) url(kind, what string) *url.URL {
	return &url.URL{
		Scheme: r.client.scheme(r.Name.Registry), Host: r.Name.RegistryStr(),
		Path: fmt.Sprintf("/v2/%s/%s/%s", r.Name.RepositoryStr(), kind, what),
	}
}

// retry does f as often as the client's policy says.
func (r *Repository) retry(ctx context.Context, f func() error) error {
	return r.client.Retry.Do(ctx, f)
}

// BlobReader returns a function that reads blobs of any repository. It logs in to each once, and can be called from
// several goroutines.
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
