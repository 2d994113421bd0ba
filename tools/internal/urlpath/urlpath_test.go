package urlpath

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
)

func TestLocations(t *testing.T) {
	for _, test := range []struct {
		location, scheme string
		remote           bool
		from             string
	}{
		{"https://example.com/a", "https", true, "https://example.com/a"},
		{"HTTP://example.com/a", "http", true, "HTTP://example.com/a"},
		{"file:///srv/a", "file", false, "file:///srv/a"},
		{"ftp://example.com", "ftp", false, "ftp://example.com"},
		{"repo/main", "", false, "/dir/repo/main"},
		{"./a://b", "", false, "/dir/a:/b"},
		{"/srv/a", "", false, "/srv/a"},
		{"../a", "", false, "/a"},
	} {
		if got := Scheme(test.location); got != test.scheme {
			t.Errorf("%s: scheme %q, want %q", test.location, got, test.scheme)
		}
		if got := IsRemote(test.location); got != test.remote {
			t.Errorf("%s: remote %v", test.location, got)
		}
		if got := From("/dir", test.location); got != test.from {
			t.Errorf("%s: from /dir it is %s, want %s", test.location, got, test.from)
		}
	}
}

func TestLocal(t *testing.T) {
	for location, want := range map[string]string{
		"/a/b": "/a/b", "a": "a", "file:///a/b%20c": "/a/b c", "FILE:///a": "/a", "file://localhost/a": "/a",
		"file://host/a": "want file:///absolute/path", "file://": "want file:///absolute/path",
		"ftp://u:secret@host/a": `open ftp://…@host/a: scheme is "ftp"`,
	} {
		got, err := Local(location)
		var path *fs.PathError
		if err != nil && (!errors.As(err, &path) || !strings.Contains(err.Error(), want)) || err == nil && got != want {
			t.Errorf("%s: got %q, %v; want %q", location, got, err, want)
		}
	}
}

func TestRedact(t *testing.T) {
	for text, want := range map[string]string{
		"http://user:pass@host/a":       "http://…@host/a",
		"HTTP://user:pass@host/a":       "HTTP://…@host/a",
		"got https://u:p@ss@host, want": "got https://…@host, want",
		"https://token@host/a":          "https://…@host/a",
		"https://u:p/ss@host/a":         "https://…@host/a",
		"https://:pass@host":            "https://…@host",
		"https://host/a@b":              "https://host/a@b",
		"https://host:443/a@b":          "https://host:443/a@b",
		"docker://host/a@sha256:12":     "docker://host/a@sha256:12",
		"https://host/a b@c":            "https://host/a b@c",
		"https://a:b@c https://d:e@f":   "https://…@c https://…@f",
		`Get "https://u:p@h/x": dial`:   `Get "https://…@h/x": dial`,
		"s3://bucket/key":               "s3://bucket/key",
		"postgres+x://u:p@h":            "postgres+x://…@h",
		"user@host":                     "user@host",
	} {
		if got := Redact(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}
