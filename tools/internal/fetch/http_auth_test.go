package fetch_test

import (
	"encoding/base64"
	"net/url"
	"testing"

	"go.starlark.net/starlark"

	"github.com/rules-apk/rules_apk/tools/internal/fetch"
	"github.com/rules-apk/rules_apk/tools/internal/test/bzl"
)

// Bazel's downloader gets the credentials that apklock uses, for the same hosts.
func TestHTTPAuthInBazel(t *testing.T) {
	loader, err := bzl.NewLoader()
	if err != nil {
		t.Fatal(err)
	}
	known, refused := 0, 0
	for _, value := range []string{
		"basic:example.com:me:secret", "basic:example.com:8443:me:secret", "basic:EXAMPLE.com:me:a:b", "basic:example.com:123:456",
		"basic:[::1]:me:secret", "basic:[::1]:8443:me:secret", "basic:[::1:me:secret", "basic:[::1]me:secret", "basic:::1:me:secret",
		"basic:example.com:0:me:secret", "basic:example.com:70000:me:secret", "basic:example.com:me:", "basic:example.com::secret",
		"basic:*:me:secret", "basic::me:secret", "basic:example.com:me", "basic:example.com", "basic:", "basic", "", "digest:example.com:me:secret",
	} {
		for _, location := range []string{
			"https://example.com/a.apk", "https://example.com:8443/a.apk", "http://example.com:80/a", "https://sub.example.com/a",
			"https://example.com.evil/a", "https://[::1]/a", "https://[::1]:8443/a", "https://[::2]/a", "https://other/example.com:8443/a",
		} {
			u, err := url.Parse(location)
			if err != nil {
				t.Fatal(err)
			}
			want := "none"
			if value != "" {
				if c, err := fetch.ParseHTTPAuth(value); err != nil {
					want = "error"
					refused++
				} else if headers, _ := c.Headers(t.Context(), u); headers != nil {
					want = headers.Get("Authorization")
					known++
				}
			}
			if got := bazelAuth(t, loader, value, location); got != want {
				t.Errorf("%s at %s: Bazel gets %s, want %s", value, location, got, want)
			}
		}
	}
	if known < 10 || refused < 10 {
		t.Errorf("%d known and %d refused show too little", known, refused)
	}
}

// bazelAuth returns the header that the rule's answer stands for.
func bazelAuth(t *testing.T, loader *bzl.Loader, value, location string) string {
	t.Helper()
	answer, err := loader.Call("//apk/private:http_auth.bzl", "http_auth", starlark.Tuple{
		starlark.String(value), starlark.NewList([]starlark.Value{starlark.String(location)}),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	pair := answer.(starlark.Tuple)
	if pair[0] != starlark.None {
		return "error"
	}
	entry, found, err := pair[1].(*starlark.Dict).Get(starlark.String(location))
	if err != nil || !found {
		return "none"
	}
	field := func(name string) string {
		text, _, _ := entry.(*starlark.Dict).Get(starlark.String(name))
		s, _ := starlark.AsString(text)
		return s
	}
	return basicHeader(field("login"), field("password"))
}

func basicHeader(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}
