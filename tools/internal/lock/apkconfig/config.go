// Package apkconfig reads apk.yaml: the repositories, keys, architectures and root packages that a lock file is made
// for. docs/formats.md specifies it.
package apkconfig

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/nearest"
	"github.com/rules-apk/rules_apk/tools/internal/urlpath"
)

// knownArchs returns the architectures that can be locked, by apk's names.
func knownArchs() []string {
	return []string{"aarch64", "armhf", "armv7", "loongarch64", "ppc64le", "riscv64", "s390x", "x86", "x86_64"}
}

// suggestArch returns apk's name of an architecture that is misspelt or that has its name from another tool.
func suggestArch(arch string) string {
	switch arch {
	case "386", "i386":
		return "x86"
	case "amd64":
		return "x86_64"
	case "arm64":
		return "aarch64"
	case "arm/v6":
		return "armhf"
	case "arm/v7":
		return "armv7"
	case "loong64":
		return "loongarch64"
	}
	return nearest.Name(arch, slices.Values(knownArchs()))
}

// A Config is a whole apk.yaml, checked.
type Config struct {
	// Repositories are in the order of the file, which decides between equal versions.
	Repositories []Repository
	// Keyring holds URLs and paths of public keys, and of directories of them.
	Keyring []string
	// Archs are sorted.
	Archs []string
	// Packages are constraints in their canonical spelling, sorted.
	Packages []string
	// RequireSameVersion makes it an error if two architectures would get different versions of a package.
	RequireSameVersion bool
}

// A Repository is a folder with <arch>/APKINDEX.tar.gz in it.
type Repository struct {
	URL     string   // http, https or file URL, or a path relative to apk.yaml's folder; no slash at its end
	Tag     string   // without "@"; empty for a normal repository
	Mirrors []string // tried after URL, in order
}

// ParseRepository takes "url" or "@tag url", as apk.yaml and the command line have it.
func ParseRepository(text string) (Repository, error) {
	tagged, ok := strings.CutPrefix(text, "@")
	if !ok {
		return Repository{URL: text}, nil
	}
	tag, location, _ := strings.Cut(tagged, " ")
	location = strings.TrimSpace(location)
	if tag == "" || location == "" {
		return Repository{}, fmt.Errorf("got %q, want %q", text, "@tag https://…")
	}
	return Repository{URL: location, Tag: tag}, nil
}

// String returns "url" or "@tag url".
func (r Repository) String() string {
	if r.Tag == "" {
		return r.URL
	}
	return "@" + r.Tag + " " + r.URL
}

// check completes the parsed file and refuses what cannot work.
func (c *Config) check() error {
	if len(c.Repositories) == 0 {
		return fmt.Errorf("repositories: none; want at least one, such as https://dl-cdn.alpinelinux.org/alpine/v3.19/main")
	}
	if len(c.Keyring) == 0 {
		return fmt.Errorf("keyring: empty; want the public keys (*.rsa.pub) of the repositories, as URLs, files or a directory: an index is trusted only if one of them signed it")
	}
	for _, key := range c.Keyring {
		if err := checkLocation(key); err != nil {
			return fmt.Errorf("keyring: %w", err)
		}
	}
	if err := c.checkRepositories(); err != nil {
		return err
	}
	if err := c.checkArchs(); err != nil {
		return err
	}
	return c.checkPackages()
}

func (c *Config) checkRepositories() error {
	seen := make(map[string]bool)
	for i := range c.Repositories {
		r := &c.Repositories[i]
		for _, location := range append([]string{r.URL}, r.Mirrors...) {
			if err := checkLocation(location); err != nil {
				return fmt.Errorf("repositories: %w", err)
			}
		}
		r.URL = trimSlash(r.URL)
		for j := range r.Mirrors {
			r.Mirrors[j] = trimSlash(r.Mirrors[j])
		}
		if seen[r.String()] {
			return fmt.Errorf("repositories: %q is listed twice", r)
		}
		seen[r.String()] = true
	}
	return nil
}

func trimSlash(location string) string {
	if location == "/" {
		return location
	}
	return strings.TrimRight(location, "/")
}

func checkLocation(location string) error {
	if location == "" {
		return fmt.Errorf("an empty location; want an https://, http:// or file:// URL, or a path")
	}
	scheme := urlpath.Scheme(location)
	if scheme == "" {
		return nil
	}
	if scheme != "https" && scheme != "http" && scheme != "file" || !strings.HasPrefix(location, scheme) {
		return fmt.Errorf("%q: scheme is %q, want https, http or file, in lower case, or a path", urlpath.Redact(location), location[:len(scheme)])
	}
	u, err := url.Parse(location)
	if err != nil {
		// url.Error repeats the URL, with whatever secret is in it.
		return fmt.Errorf("a location that begins with %s:// is not a valid URL", scheme)
	}
	if u.User != nil {
		return fmt.Errorf("%q: credentials in a URL would end up in the lock; put them into ~/.netrc, HTTP_AUTH or a credential helper", u.Redacted())
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%s://%s%s: has a query or fragment after its path; want none", u.Scheme, u.Host, u.Path)
	}
	return nil
}

func (c *Config) checkArchs() error {
	want := strings.Join(knownArchs(), ", ")
	if len(c.Archs) == 0 {
		return fmt.Errorf("archs: none; want at least one of %s", want)
	}
	for _, arch := range c.Archs {
		if !slices.Contains(knownArchs(), arch) {
			return fmt.Errorf("archs: unknown %q, want one of %s%s", arch, want, didYouMean(suggestArch(arch)))
		}
	}
	slices.Sort(c.Archs)
	c.Archs = slices.Compact(c.Archs)
	return nil
}

func (c *Config) checkPackages() error {
	if len(c.Packages) == 0 {
		return fmt.Errorf("packages: none; want the root packages of your images, such as busybox")
	}
	for i, p := range c.Packages {
		constraint, err := apkconstraint.Parse(p)
		if err != nil {
			return fmt.Errorf("packages: %w", err)
		}
		if tag := constraint.Tag; tag != "" && !slices.ContainsFunc(c.Repositories, func(r Repository) bool { return r.Tag == tag }) {
			return fmt.Errorf("packages: %q: no repository has the tag %q; list one as %q", p, tag, "@"+tag+" https://…")
		}
		c.Packages[i] = constraint.String()
	}
	slices.Sort(c.Packages)
	c.Packages = slices.Compact(c.Packages)
	return nil
}

func didYouMean(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", name)
}
