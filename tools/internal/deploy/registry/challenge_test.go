package registry

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

func challenged(headers ...string) *http.Response {
	return &http.Response{StatusCode: http.StatusUnauthorized, Header: http.Header{"Www-Authenticate": headers}}
}

func TestParseChallenge(t *testing.T) {
	for _, test := range []struct {
		headers []string
		scheme  string
		realm   string
	}{
		{[]string{`Bearer realm="https://auth.example.com/token",service="registry",scope="repository:a:pull"`}, "bearer", "https://auth.example.com/token"},
		{[]string{`Negotiate`, `Basic realm="r"`}, "basic", "r"},
		{[]string{`Basic realm="r"`, `bearer realm="https://x/token"`}, "bearer", "https://x/token"},
		{[]string{`BASIC realm=r`}, "basic", "r"},
		{[]string{`Bearer service="x"`}, "", ""},
		{[]string{`Digest realm="r"`}, "", ""},
		{nil, "", ""},
	} {
		got := parseChallenge(challenged(test.headers...))
		if got == nil && test.scheme != "" || got != nil && (got.Scheme != test.scheme || got.Parameters["realm"] != test.realm) {
			t.Errorf("%q: got %+v", test.headers, got)
		}
	}
}

func TestCovers(t *testing.T) {
	for _, test := range []struct {
		have, want string
		covers     bool
	}{
		{"repository:a:push,pull", "repository:a:pull,push", true},
		{"repository:a:push,pull", "repository:a:pull", true},
		{"repository:a:pull", "repository:a:pull,push", false},
		{"repository:a:pull", "repository:b:pull", false},
		{"aws", "aws", true},
		{"aws", "x", false},
	} {
		if got := covers(test.have, test.want); got != test.covers {
			t.Errorf("%s, %s: %v", test.have, test.want, got)
		}
	}
}

// Credentials go to the registry itself and to nobody else, whatever it answers.
func TestSessionIsForItsHost(t *testing.T) {
	registry, err := name.NewRegistry("r.example.com")
	if err != nil {
		t.Fatal(err)
	}
	s := (&Client{}).session(registry, authn.Anonymous)
	for text, want := range map[string]bool{
		"https://r.example.com/v2/": true, "https://R.example.com:443/v2/": true, "http://r.example.com/v2/": false,
		"https://r.example.com:444/": false, "https://sub.r.example.com/": false, "https://example.com/": false,
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.is(u); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

// What a registry asks for is a token of a server with a name, or a password, or nothing known.
func FuzzChallenge(f *testing.F) {
	for _, header := range []string{
		`Bearer realm="https://auth.example.com/token",service="registry",scope="repository:a:pull"`, `Basic realm="r"`, `Negotiate, Basic realm=r`,
		`Bearer realm="\"",a=`, "Bearer", "", `Bearer realm="http://[::1]:5000/token?x=y"`, `Basic realm="é", Bearer realm=x`,
	} {
		f.Add(header, "repository:a:pull")
	}
	f.Fuzz(func(t *testing.T, header, scope string) {
		got := parseChallenge(challenged(header))
		if got == nil {
			return
		}
		if got.Scheme != "basic" && (got.Scheme != "bearer" || got.Parameters["realm"] == "") {
			t.Errorf("%q: %+v", header, got)
		}
		if covers(scope, got.Parameters["scope"]) && !strings.HasPrefix(got.Parameters["scope"], scope[:strings.LastIndexByte(scope, ':')+1]) {
			t.Errorf("%q covers %q", scope, got.Parameters["scope"])
		}
	})
}
