// Package refname reads the names of repositories and images as people write them. Its errors say which part is wrong.
package refname

import (
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/rules-apk/rules_apk/tools/internal/urlpath"
)

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
)

// Repository reads registry/name. Without a registry it is Docker Hub's.
func Repository(text string) (name.Repository, error) {
	if err := checkRepository(text); err != nil {
		return name.Repository{}, fmt.Errorf("repository %q: %w", urlpath.Redact(text), err)
	}
	r, err := name.NewRepository(text)
	// Docker takes it for a registry, too.
	if rest, ok := strings.CutPrefix(text, "localhost/"); ok {
		var registry name.Registry
		if registry, err = name.NewRegistry("localhost"); err == nil {
			r = registry.Repo(rest)
		}
	}
	if err != nil {
		return name.Repository{}, fmt.Errorf("repository %q: %w; want registry/name", text, err)
	}
	return r, nil
}

// Tag reads a tag of a repository.
func Tag(repository name.Repository, text string) (name.Tag, error) {
	if err := checkTag(text); err != nil {
		return name.Tag{}, fmt.Errorf("tag %q: %w", text, err)
	}
	return repository.Tag(text), nil
}

// Image reads registry/name, registry/name:tag or registry/name@sha256:….
func Image(text string) (name.Reference, error) {
	if err := checkScheme(text); err != nil {
		return nil, fmt.Errorf("image %q: %w", urlpath.Redact(text), err)
	}
	repository, digest, hasDigest := strings.Cut(text, "@")
	tag, hasTag := "", false
	if i := strings.LastIndexByte(repository, ':'); i > strings.LastIndexByte(repository, '/') {
		repository, tag, hasTag = repository[:i], repository[i+1:], true
	}
	r, err := Repository(repository)
	if err != nil {
		return nil, err
	}
	if hasTag {
		if _, err := Tag(r, tag); err != nil {
			return nil, fmt.Errorf("image %q: %w", text, err)
		}
	}
	if !hasDigest {
		if !hasTag {
			tag = name.DefaultTag
		}
		return r.Tag(tag), nil
	}
	hex, ok := strings.CutPrefix(digest, "sha256:")
	if !ok || len(hex) != 64 || strings.Trim(hex, digits+"abcdef") != "" {
		return nil, fmt.Errorf("image %q: digest is %q, want sha256: and 64 lower-case hex digits", text, digest)
	}
	return r.Digest(digest), nil
}

func checkRepository(text string) error {
	if text == "" {
		return fmt.Errorf("is empty, want registry/name")
	}
	if err := checkScheme(text); err != nil {
		return err
	}
	if i := strings.IndexByte(text, '@'); i >= 0 {
		return fmt.Errorf("has %q, want registry/name without a digest", text[i:])
	}
	parts := strings.Split(text, "/")
	last := len(parts) - 1
	if i := strings.IndexByte(parts[last], ':'); i >= 0 {
		return fmt.Errorf("has the tag %q, want registry/name without one", parts[last][i+1:])
	}
	for i, part := range parts {
		if part == "" {
			return fmt.Errorf("its part %d, between slashes, is empty; want registry/name", i+1)
		}
		if i == 0 && last > 0 && (strings.ContainsAny(part, ".:") || part == "localhost") {
			continue // the registry
		}
		if strings.ContainsAny(part, upper) {
			return fmt.Errorf("its part %q has capitals, want lower case: %s", part, strings.ToLower(part))
		}
		if bad := strings.Trim(part, lower+digits+"._-"); bad != "" {
			return fmt.Errorf("its part %q has %q, want letters, digits, ., _ and -", part, bad)
		}
		if strings.Trim(part[:1]+part[len(part)-1:], lower+digits) != "" {
			return fmt.Errorf("its part %q begins or ends with neither a letter nor a digit", part)
		}
	}
	return nil
}

func checkScheme(text string) error {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return nil
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:] // what is before it may be a password
	}
	return fmt.Errorf("begins with %q, want registry/name alone, such as %s", scheme+"://", strings.Trim(rest, "/"))
}

func checkTag(text string) error {
	const allowed = lower + upper + digits + "_.-"
	switch {
	case text == "":
		return fmt.Errorf("is empty")
	case len(text) > 128:
		return fmt.Errorf("has %d characters, want at most 128", len(text))
	}
	for _, c := range text {
		if !strings.ContainsRune(allowed, c) {
			return fmt.Errorf("has %q, want letters, digits, _, . and - only, such as %s", c, strings.Map(func(c rune) rune {
				if strings.ContainsRune(allowed, c) {
					return c
				}
				return '-'
			}, text))
		}
	}
	if strings.ContainsRune(".-", rune(text[0])) {
		return fmt.Errorf("begins with %q, want a letter, a digit or _", text[0])
	}
	return nil
}
