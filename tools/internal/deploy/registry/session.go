package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/docker/distribution/registry/client/auth/challenge"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/rules-apk/rules_apk/tools/internal/fetch"
)

// maxToken is how much of a token server's answer is read.
const maxToken = 1 << 20

// session makes requests to one registry with what it wants to see: nothing, a password, or a token for some scopes.
type session struct {
	client   *Client
	registry name.Registry
	auth     authn.Authenticator
	http     *http.Client

	mu        sync.Mutex
	challenge *transport.Challenge // nil until the registry has asked for anything
	scopes    []string
	header    string // the value of Authorization, or ""
}

func (c *Client) session(registry name.Registry, auth authn.Authenticator, scopes ...string) *session {
	s := &session{client: c, registry: registry, auth: auth, scopes: scopes}
	s.http = &http.Client{Transport: &authorizer{s, &fetch.Guard{Base: c.Transport, Stall: c.Stall}}}
	return s
}

// withScopes is a session with the same user and other scopes. It logs in when it is first asked for a token.
func (s *session) withScopes(scopes []string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.challenge == nil || s.challenge.Scheme != "bearer" {
		return s
	}
	other := s.client.session(s.registry, s.auth, scopes...)
	other.challenge = s.challenge
	return other
}

// begin asks the registry what it wants to see, and logs in.
func (s *session) begin(ctx context.Context) error {
	u := &url.URL{Scheme: s.client.scheme(s.registry), Host: s.registry.RegistryStr(), Path: "/v2/"}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	resp, err := fetch.Do(s.http, req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusUnauthorized:
		_, err := s.answer(ctx, resp, "")
		return err
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500:
		return answerError(resp)
	}
	// Whoever answers otherwise wants nothing yet, or has no such page.
	return nil
}

// do makes a request. What is asked for in between, it answers once. The body of a request is sent once only: a request
// with one comes after others, which have logged in.
func (s *session) do(req *http.Request) (*http.Response, error) {
	again := req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
	sent := s.current()
	resp, err := fetch.Do(s.http, req)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || !s.is(resp.Request.URL) {
		return resp, err
	}
	changed, err := s.answer(req.Context(), resp, sent)
	if err != nil {
		resp.Body.Close()
		return nil, err
	}
	if !changed {
		return resp, nil
	}
	defer resp.Body.Close()
	if !again {
		// The token had run out. With the new one, all of it is sent once more.
		return nil, &expiredError{answerError(resp)}
	}
	second := req.Clone(req.Context())
	if req.GetBody != nil {
		if second.Body, err = req.GetBody(); err != nil {
			return nil, err
		}
	}
	return fetch.Do(s.http, second)
}

// authorizer adds what the registry wants to see to every request to the registry itself. What it redirects to gets
// requests without.
type authorizer struct {
	session *session
	base    http.RoundTripper
}

func (a *authorizer) RoundTrip(req *http.Request) (*http.Response, error) {
	// The client copies headers on redirection.
	req = req.Clone(req.Context())
	req.Header.Del("Authorization")
	if header := a.session.current(); header != "" && a.session.is(req.URL) {
		req.Header.Set("Authorization", header)
	}
	return a.base.RoundTrip(req)
}

func (s *session) current() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.header
}

// is tells whether a URL is one of the registry itself.
func (s *session) is(u *url.URL) bool {
	scheme := s.client.scheme(s.registry)
	own := &url.URL{Scheme: scheme, Host: s.registry.RegistryStr()}
	return u.Scheme == scheme && strings.EqualFold(u.Hostname(), own.Hostname()) && port(u) == port(own)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// answer does what a 401 asks for. It reports whether there is another header now than that which was sent.
func (s *session) answer(ctx context.Context, resp *http.Response, sent string) (changed bool, err error) {
	asked := parseChallenge(resp)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.header != sent {
		return true, nil // another request was faster
	}
	if asked == nil {
		return false, nil
	}
	s.challenge = asked
	if asked.Scheme == "basic" {
		config, err := authn.Authorization(ctx, s.auth)
		if err != nil {
			return false, err
		}
		s.header = basicHeader(config)
		return s.header != sent, nil
	}
	if scope := asked.Parameters["scope"]; scope != "" && !slices.ContainsFunc(s.scopes, func(have string) bool { return covers(have, scope) }) {
		s.scopes = append([]string{scope}, s.scopes...)
	}
	token, err := s.token(ctx)
	if err != nil {
		return false, err
	}
	s.header = "Bearer " + token
	return s.header != sent, nil
}

// covers tells whether a scope, TYPE:NAME:ACTION[,ACTION...], gives all rights that another one wants.
func covers(have, want string) bool {
	i, j := strings.LastIndexByte(have, ':'), strings.LastIndexByte(want, ':')
	if i < 0 || j < 0 || have[:i] != want[:j] {
		return have == want
	}
	actions := strings.Split(have[i+1:], ",")
	for _, action := range strings.Split(want[j+1:], ",") {
		if !slices.Contains(actions, action) {
			return false
		}
	}
	return true
}

func basicHeader(config *authn.AuthConfig) string {
	switch {
	case config.RegistryToken != "":
		return "Bearer " + config.RegistryToken
	case config.Username != "" || config.Password != "":
		req := http.Request{Header: http.Header{}}
		req.SetBasicAuth(config.Username, config.Password)
		return req.Header.Get("Authorization")
	case config.Auth != "":
		return "Basic " + config.Auth
	}
	return ""
}

// token gets a token for the session's scopes.
func (s *session) token(ctx context.Context) (string, error) {
	config, err := authn.Authorization(ctx, s.auth)
	if err != nil {
		return "", err
	}
	if config.RegistryToken != "" {
		return config.RegistryToken, nil
	}
	realm, err := url.Parse(s.challenge.Parameters["realm"])
	if err != nil || realm.Host == "" || realm.Scheme != "https" && realm.Scheme != "http" {
		return "", fmt.Errorf("the registry wants a token from %q, want the URL of a token server", s.challenge.Parameters["realm"])
	}
	bounded := &boundedTransport{&fetch.Guard{Base: s.client.Transport, Stall: s.client.Stall}}
	token, err := transport.Exchange(ctx, s.registry, s.auth, bounded, s.scopes, s.challenge)
	if err != nil {
		return "", fmt.Errorf("asking %s for a token: %w", realm.Host, tokenError(err))
	}
	if token.AccessToken != "" {
		return token.AccessToken, nil
	}
	return token.Token, nil
}

// tokenError is the answer of a token server as other answers are.
func tokenError(err error) error {
	var answer *transport.Error
	if !errors.As(err, &answer) {
		var u *url.Error
		if errors.As(err, &u) {
			return u.Err // its URL has the account's name
		}
		return err
	}
	var codes []Code
	for _, d := range answer.Errors {
		codes = append(codes, Code{string(d.Code), d.Message})
	}
	return &Answer{StatusError: fetch.StatusError{Code: answer.StatusCode}, Codes: codes}
}

// parseChallenge reads what a 401 asks for: a token, if it has the choice. It is nil where that is nothing known.
func parseChallenge(resp *http.Response) *transport.Challenge {
	var found *transport.Challenge
	for _, c := range challenge.ResponseChallenges(resp) {
		scheme := strings.ToLower(c.Scheme)
		if scheme == "bearer" && c.Parameters["realm"] != "" {
			return &transport.Challenge{Scheme: scheme, Parameters: c.Parameters}
		}
		if scheme == "basic" && found == nil {
			found = &transport.Challenge{Scheme: scheme, Parameters: c.Parameters}
		}
	}
	return found
}

// expiredError is a 401 for a token that was replaced since.
type expiredError struct{ error }

func (e *expiredError) Unwrap() error { return e.error }

// Passing is true.
func (e *expiredError) Passing() bool { return true }

// boundedTransport bounds answers: they are read to their end.
type boundedTransport struct{ base http.RoundTripper }

func (b *boundedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxToken), resp.Body}
	return resp, nil
}
