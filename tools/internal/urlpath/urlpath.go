// Package urlpath tells URLs from paths: locations are either, as people write them in apk.yaml, in flags and in locks.
package urlpath

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
)

// Scheme is the part of a URL before "://", in lower case, or "" for a path.
func Scheme(location string) string {
	scheme, _, ok := strings.Cut(location, "://")
	if !ok || strings.ContainsAny(scheme, `/\`) {
		return ""
	}
	return strings.ToLower(scheme)
}

// IsRemote reports whether a location needs the network.
func IsRemote(location string) bool {
	scheme := Scheme(location)
	return scheme == "http" || scheme == "https"
}

// From returns a location that is seen from the folder dir: a relative path is joined to it.
func From(dir, location string) string {
	if Scheme(location) != "" || filepath.IsAbs(location) {
		return location
	}
	return filepath.Join(dir, location)
}

// Local returns the path that a file URL or a path stands for. The error is a *fs.PathError.
func Local(location string) (string, error) {
	scheme := Scheme(location)
	if scheme == "" {
		return location, nil
	}
	if scheme != "file" {
		return "", &fs.PathError{Op: "open", Path: Redact(location), Err: fmt.Errorf("scheme is %q, want https, http or file, or a path", scheme)}
	}
	u, err := url.Parse(location)
	if err != nil || u.Host != "" && u.Host != "localhost" || u.Path == "" {
		return "", &fs.PathError{Op: "open", Path: Redact(location), Err: errors.New("not a valid file URL, want file:///absolute/path")}
	}
	return u.Path, nil
}

// userinfo is what stands before the host of a URL. A password may have an @ itself, and even a / where nobody escaped
// it.
var userinfo = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)([^\s/@:?#"'<>]*:[^\s@"'<>]*(?:@[^\s@/"'<>]*)*|[^\s/@?#"'<>]+)@`)

// Redact returns a text with "…" for what URLs in it have before their host: users and passwords.
func Redact(text string) string {
	if !strings.Contains(text, "://") || !strings.Contains(text, "@") {
		return text
	}
	return userinfo.ReplaceAllStringFunc(text, func(match string) string {
		scheme, rest, _ := strings.Cut(match, "://")
		// What looks like a password may be a port, with an @ in the path: https://host:443/a@b.
		if host, path, ok := strings.Cut(rest, "/"); ok && isHostPort(host) && path != "" {
			return match
		}
		return scheme + "://…@"
	})
}

func isHostPort(text string) bool {
	_, port, ok := strings.Cut(text, ":")
	return !ok || port != "" && strings.Trim(port, "0123456789") == ""
}
