package closure

import (
	"slices"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/control"
)

const packages = `
Package: app
Version: 1.0-1
Depends: lib (>= 1.0), dpkg, mime-support | media-types, virtual, tool | other-tool
Pre-Depends: libc (>= 2)

Package: lib
Version: 1.1-1
Depends: libc

Package: lib
Version: 1.2-1
Depends: libc

Package: lib
Version: 1.0-1
Depends: libc

Package: libc
Version: 2.36-9

Package: media-types
Version: 10.0

Package: b-provider
Version: 1
Provides: virtual

Package: a-provider
Version: 1
Provides: virtual, dpkg

Package: dpkg
Version: 1.21
Depends: perl

Package: other-tool
Version: 2

Package: broken
Version: 1
Depends: app (>> 1.0-1)
`

func catalog(t *testing.T) *Catalog {
	t.Helper()
	var stanzas []control.Stanza
	if err := control.Read(strings.NewReader(packages), func(s control.Stanza) error { stanzas = append(stanzas, s); return nil }); err != nil {
		t.Fatal(err)
	}
	c, err := NewCatalog(stanzas)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestClosure(t *testing.T) {
	for _, c := range []struct {
		name    string
		request Request
		want    string
	}{
		{"newest", Request{Roots: []string{"app"}, Exclude: []string{"dpkg", "tool"}},
			"a-provider=1 app=1.0-1 lib=1.2-1 libc=2.36-9 media-types=10.0 other-tool=2"},
		{"the newest but one", Request{Roots: []string{"app"}, Previous: []string{"lib"}, Exclude: []string{"dpkg", "other-tool", "tool"}},
			"a-provider=1 app=1.0-1 lib=1.1-1 libc=2.36-9 media-types=10.0"},
		{"excluded but asked for", Request{Roots: []string{"app", "dpkg"}, Exclude: []string{"dpkg", "perl"}},
			"a-provider=1 app=1.0-1 dpkg=1.21 lib=1.2-1 libc=2.36-9 media-types=10.0 other-tool=2"},
		{"what is there satisfies", Request{Roots: []string{"b-provider", "app"}, Exclude: []string{"dpkg"}},
			"app=1.0-1 b-provider=1 lib=1.2-1 libc=2.36-9 media-types=10.0 other-tool=2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, err := catalog(t).Closure(c.request)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range found {
				got = append(got, s["Package"]+"="+s["Version"])
			}
			if !slices.Equal(got, strings.Fields(c.want)) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestClosureErrors(t *testing.T) {
	for _, c := range []struct {
		request Request
		want    string
	}{
		{Request{Roots: []string{"nothing"}}, "package nothing, wanted by the request: apt knows no such package"},
		{Request{Roots: []string{"broken"}}, "package broken: nothing satisfies its dependency on [app (>> 1.0-1)]"},
		{Request{Roots: []string{"libc"}, Previous: []string{"libc"}}, "only version 2.36-9 is there"},
		{Request{Roots: []string{"libc"}, Previous: []string{"lib"}}, "package lib: not needed by any other"},
	} {
		if _, err := catalog(t).Closure(c.request); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want %q", c.request, err, c.want)
		}
	}
}
