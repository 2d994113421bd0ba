package registry_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/deploytest"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/registry"
	"github.com/rules-apk/rules_apk/tools/internal/fetch"
)

const content = "blob"

var blob = v1.Descriptor{Size: int64(len(content)), Digest: v1.Hash{
	Algorithm: "sha256", Hex: "fa2c8cc4f28176bbeed4b736df569a34c79cd3723e9ec42f9674b4d46ac6b8b8",
}}

func open(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(content)), nil
}

func repository(t *testing.T, text string) name.Repository {
	t.Helper()
	r, err := name.NewRepository(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func client(keychain authn.Keychain) *registry.Client {
	return &registry.Client{Transport: http.DefaultTransport, Keychain: keychain, Retry: fetch.Retry{Attempts: 3, Wait: time.Millisecond}}
}

// keychain has one user for all registries.
type keychain struct{ user, password string }

func (k keychain) Resolve(authn.Resource) (authn.Authenticator, error) {
	return &authn.Basic{Username: k.user, Password: k.password}, nil
}

// A token is asked for with the rights to push here and to read where blobs are mounted from, and again when it has run
// out.
func TestTokens(t *testing.T) {
	r := deploytest.NewRegistry(t)
	var scopes [][]string
	tokens := 0
	r.Fault = func(w http.ResponseWriter, req *http.Request) bool {
		if req.URL.Path == "/token" {
			if user, password, _ := req.BasicAuth(); user != "user" || password != "secret" {
				w.WriteHeader(http.StatusUnauthorized)
				return true
			}
			tokens++
			scopes = append(scopes, req.URL.Query()["scope"])
			json.NewEncoder(w).Encode(map[string]string{"token": fmt.Sprint("token", tokens)})
			return true
		}
		// The first token is good for asking only, and each for as long as there is no other.
		good := fmt.Sprint("Bearer token", tokens)
		if req.Header.Get("Authorization") == good && (tokens > 1 || req.Method == http.MethodHead) {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+r.Host+`/token",service="test"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	ctx := context.Background()
	access := registry.Access{Push: true, MountFrom: []name.Repository{repository(t, r.Host+"/base"), repository(t, "other.example.com/base")}}
	repo, err := client(keychain{"user", "secret"}).Open(ctx, repository(t, r.Host+"/app"), access)
	if err != nil {
		t.Fatal(err)
	}
	// What is needed to mount is asked for when it comes to that.
	if got := fmt.Sprint(scopes); got != "[[repository:app:push,pull]]" {
		t.Errorf("asked for %s", got)
	}
	outcome, err := repo.PushBlob(ctx, registry.Push{Blob: blob, Name: "blob", Open: open, From: access.MountFrom})
	if err != nil || outcome != registry.Uploaded {
		t.Errorf("got %s, %v after %d tokens", outcome, err, tokens)
	}
	want := "[[repository:app:push,pull] [repository:app:push,pull repository:base:pull] [repository:app:push,pull]]"
	if got := fmt.Sprint(scopes); got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
	_, err = client(keychain{"user", "wrong"}).Open(ctx, repository(t, r.Host+"/app"), access)
	var e *registry.Error
	if !errors.As(err, &e) || !strings.Contains(e.Hint(), "docker login "+r.Host) {
		t.Errorf("got %v, want advice to log in", err)
	}
}

// What may pass is tried again; what will not is not.
func TestRetries(t *testing.T) {
	for _, test := range []struct {
		status int
		body   string
		want   int // attempts
	}{
		{503, "", 3}, {500, "", 3}, {429, "", 3}, {429, `{"errors":[{"code":"TOOMANYREQUESTS"}]}`, 3},
		{400, "", 1}, {401, "", 1}, {403, `{"errors":[{"code":"DENIED"}]}`, 1}, {405, `{"errors":[{"code":"UNKNOWN"}]}`, 1},
	} {
		r := deploytest.NewRegistry(t)
		r.Fault = func(w http.ResponseWriter, req *http.Request) bool {
			if req.Method != http.MethodPost {
				return false
			}
			w.WriteHeader(test.status)
			io.WriteString(w, test.body)
			return true
		}
		c := client(authn.NewMultiKeychain())
		repo, err := c.Open(context.Background(), repository(t, r.Host+"/app"), registry.Access{Push: true})
		if err != nil {
			t.Fatal(err)
		}
		r.Requests()
		if _, err := repo.PushBlob(context.Background(), registry.Push{Blob: blob, Name: "blob", Open: open}); err == nil {
			t.Errorf("%d: no error", test.status)
		}
		if got := len(r.Writes()); got != test.want {
			t.Errorf("%d %s: %d attempts, want %d", test.status, test.body, got, test.want)
		}
	}
}

// A source that fails is the one to blame, not the registry, and the time is not waited for where the context ends.
func TestSourceFails(t *testing.T) {
	r := deploytest.NewRegistry(t)
	c := client(authn.NewMultiKeychain())
	c.Retry.Wait = time.Hour
	ctx, cancel := context.WithCancel(context.Background())
	c.Retry.Notify = func(error, time.Duration) { cancel() }
	repo, err := c.Open(ctx, repository(t, r.Host+"/app"), registry.Access{Push: true})
	if err != nil {
		t.Fatal(err)
	}
	_, err = repo.PushBlob(ctx, registry.Push{Blob: blob, Name: "blob", Open: func(context.Context) (io.ReadCloser, error) {
		return nil, fmt.Errorf("reading: %w", syscall.ECONNRESET)
	}})
	if !errors.Is(err, syscall.ECONNRESET) || ctx.Err() == nil {
		t.Errorf("got %v, %v; want the first error, after one try", err, ctx.Err())
	}
}

func TestOpenBlob(t *testing.T) {
	r := deploytest.NewRegistry(t)
	c := client(authn.NewMultiKeychain())
	ctx := context.Background()
	repo, err := c.Open(ctx, repository(t, r.Host+"/base"), registry.Access{Push: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := repo.PushBlob(ctx, registry.Push{Blob: blob, Name: "blob", Open: open}); err != nil {
		t.Fatal(err)
	}
	r.Requests()
	read := c.BlobReader()
	for range 2 {
		body, err := read(ctx, repository(t, r.Host+"/base").Digest(blob.Digest.String()))
		if err != nil {
			t.Fatal(err)
		}
		if data, err := io.ReadAll(body); err != nil || string(data) != content {
			t.Errorf("got %q, %v", data, err)
		}
		body.Close()
	}
	pings := 0
	for _, request := range r.Requests() {
		if request == "GET /v2" {
			pings++
		}
	}
	if pings != 1 {
		t.Errorf("logged in %d times, want once", pings)
	}
}
