package registry_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/deploytest"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/registry"
)

const manifest = `{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:fa2c8cc4f28176bbeed4b736df569a34c79cd3723e9ec42f9674b4d46ac6b8b8","size":4},"layers":[]}`

// What is not a manifest, or not the one, or not all of it, has no digest.
func TestWrongManifests(t *testing.T) {
	right := registry.Manifest{Raw: []byte(manifest)}.Digest().String()
	for _, test := range []struct {
		name, ref, header, body, want string
		endless                       bool
	}{
		{"by tag", "latest", "", manifest, "", false},
		{"by digest", right, "", manifest, "", false},
		{"endless", "latest", "", "", "the manifest is larger than 8388608 bytes, want at most that", true},
		{"another", "latest", "sha256:" + strings.Repeat("0", 64), manifest, "the manifest is " + right + " (189 bytes), want sha256:0000", false},
		{"another by digest", "sha256:" + strings.Repeat("0", 64), "", manifest, "want sha256:0000", false},
		{"cut off", right, "", manifest[:100], "want " + right, false},
		{"a page", "latest", "", "<html></html>", "the answer is no manifest and no index", false},
		{"an object", "latest", "", "{}", "the answer is no manifest and no index", false},
		{"version 1", "latest", "", `{"schemaVersion":1,"fsLayers":[]}`, "the answer is no manifest and no index", false},
	} {
		r := deploytest.NewRegistry(t)
		r.Fault = func(w http.ResponseWriter, req *http.Request) bool {
			if !strings.Contains(req.URL.Path, "/manifests/") {
				return false
			}
			if test.header != "" {
				w.Header().Set("Docker-Content-Digest", test.header)
			}
			io.WriteString(w, test.body)
			for test.endless && req.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return true
				}
			}
			return true
		}
		repo, err := client(authn.NewMultiKeychain()).Open(context.Background(), repository(t, r.Host+"/app"), registry.Access{})
		if err != nil {
			t.Fatal(err)
		}
		ref, err := name.ParseReference(r.Host + "/app" + map[bool]string{true: "@", false: ":"}[strings.HasPrefix(test.ref, "sha256:")] + test.ref)
		if err != nil {
			t.Fatal(err)
		}
		m, err := repo.Get(context.Background(), ref)
		if test.want == "" {
			if err != nil || m.Digest().String() != right || m.Type != "application/vnd.oci.image.manifest.v1+json" {
				t.Errorf("%s: got %+v, %v", test.name, m, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}

// Names of loopback addresses and of those that are said to be insecure are spoken to without TLS, and no others: not
// those of private networks, as a guess would have it.
func TestTLS(t *testing.T) {
	for host, want := range map[string]string{
		"127.0.0.1:5000": "http", "localhost:5000": "http", "[::1]:5000": "http", "vm:5601": "http", "127.0.0.2": "http",
		"10.0.0.1:5000": "https", "192.168.1.1": "https", "registry.local": "https", "x127.0.0.1.example.com": "https", "vm": "https",
	} {
		var asked []string
		c := client(authn.NewMultiKeychain())
		c.Insecure = []string{"vm:5601"}
		c.Transport = roundTrip(func(req *http.Request) (*http.Response, error) {
			asked = append(asked, req.URL.Scheme)
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
		})
		parsed, err := name.NewRegistry(host)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Open(context.Background(), parsed.Repo("app"), registry.Access{}); err != nil {
			t.Fatal(err)
		}
		if len(asked) != 1 || asked[0] != want {
			t.Errorf("%s: asked with %v, want %s", host, asked, want)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
