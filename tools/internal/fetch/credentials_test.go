package fetch_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/fetch"
)

const authNetrc = "machine example.com\n  login me\n  password pass\nmachine other.org login you password word\ndefault login d password d\n"

func TestCredentialsOfExactHosts(t *testing.T) {
	netrc, err := fetch.ParseNetrc(authNetrc)
	if err != nil {
		t.Fatal(err)
	}
	auth, err := fetch.ParseHTTPAuth("basic:example.com:me:pa:ss")
	if err != nil {
		t.Fatal(err)
	}
	const mePass, mePaSs, youWord = "Basic bWU6cGFzcw==", "Basic bWU6cGE6c3M=", "Basic eW91OndvcmQ="
	for _, tt := range []struct{ url, netrc, auth string }{
		{"https://example.com/x", mePass, mePaSs},
		{"https://example.com:8443/x", mePass, mePaSs},
		{"https://EXAMPLE.com/x", "", mePaSs},
		{"https://other.org/x", youWord, ""},
		{"https://sub.example.com/x", "", ""},
		{"https://example.com.evil.org/x", "", ""},
		{"https://notexample.com/x", "", ""},
		{"https://example.org/example.com", "", ""},
	} {
		u, err := url.Parse(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name, want  string
			credentials fetch.Credentials
		}{{"netrc", tt.netrc, netrc}, {"HTTP_AUTH", tt.auth, auth}} {
			h, err := c.credentials.Headers(t.Context(), u)
			if err != nil || h.Get("Authorization") != c.want {
				t.Errorf("%s, %s: %q, %v; want %q", c.name, tt.url, h.Get("Authorization"), err, c.want)
			}
		}
	}
}

type oneHost struct{ host string }

func (o oneHost) Headers(_ context.Context, u *url.URL) (http.Header, error) {
	if u.Host != o.host {
		return nil, nil
	}
	return http.Header{"authorization": {"Bearer token"}}, nil
}

// A redirection leads to another host: it must not see the credentials, but may have its own.
func TestCredentialsAcrossRedirect(t *testing.T) {
	var atTarget, atSource string
	target := serve(t, func(w http.ResponseWriter, r *http.Request) {
		atTarget = r.Header.Get("Authorization")
		w.Write([]byte("ok"))
	})
	source := serve(t, func(w http.ResponseWriter, r *http.Request) {
		atSource = r.Header.Get("Authorization")
		http.Redirect(w, r, target, http.StatusFound)
	})
	c := client(t)
	c.Transport = &fetch.Authorizer{Base: http.DefaultTransport, Credentials: []fetch.Credentials{oneHost{strings.TrimPrefix(source, "http://")}}}
	if _, err := c.ReadAll(t.Context(), limit, source); err != nil {
		t.Fatal(err)
	}
	if atSource != "Bearer token" || atTarget != "" {
		t.Errorf("source saw %q, target %q; want the token at the source only", atSource, atTarget)
	}
}

func TestHTTPAuthForms(t *testing.T) {
	for _, test := range []struct{ value, url, want string }{
		{"basic:example.com:8080:me:pass", "https://example.com:8080/x", "Basic bWU6cGFzcw=="},
		{"basic:example.com:8080:me:pass", "https://example.com/x", ""},
		{"basic:[::1]:8080:me:pass", "http://[::1]:8080/x", "Basic bWU6cGFzcw=="},
		{"basic:[::1]:me:pass", "http://[::1]/x", "Basic bWU6cGFzcw=="},
		{"basic:example.com:8080:pass", "https://example.com/x", "Basic ODA4MDpwYXNz"},
		{"basic:example.com:70000:me:x", "https://example.com/x", "Basic NzAwMDA6bWU6eA=="},
	} {
		c, err := fetch.ParseHTTPAuth(test.value)
		if err != nil {
			t.Errorf("%s: %v", test.value, err)
			continue
		}
		u, err := url.Parse(test.url)
		if err != nil {
			t.Fatal(err)
		}
		if h, err := c.Headers(t.Context(), u); err != nil || h.Get("Authorization") != test.want {
			t.Errorf("%s, %s: %q, %v; want %q", test.value, test.url, h.Get("Authorization"), err, test.want)
		}
	}
	for _, value := range []string{"", "basic", "basic:h", "basic:h:u", "basic:*:u:p", "basic::u:p", "digest:h:u:p", "basic:h::p", "basic:[::1"} {
		if _, err := fetch.ParseHTTPAuth(value); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: error %v", value, err)
		}
	}
}
