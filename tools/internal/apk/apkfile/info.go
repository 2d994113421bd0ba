package apkfile

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkname"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkversion"
)

// A Pair is one line of .PKGINFO.
type Pair struct {
	Key, Value string
}

// An Info holds the "key = value" lines of a .PKGINFO in their order. A key may
// occur several times.
type Info []Pair

// maxInfoLines bounds the lines of a .PKGINFO.
const maxInfoLines = 1 << 20

// parseInfo parses a .PKGINFO. As apk does, it passes over comments and lines
// without " = "; "key =" has an empty value. A file without a valid name and
// version is an error.
func parseInfo(text string) (Info, error) {
	var info Info
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		if len(info) == maxInfoLines {
			return nil, fmt.Errorf(".PKGINFO: more than %d lines, want at most that", maxInfoLines)
		}
		if key, value, ok := strings.Cut(line, " = "); ok {
			info = append(info, Pair{key, value})
		}
	}
	for _, key := range []string{"pkgname", "pkgver"} {
		if v, _ := info.Get(key); v == "" {
			return nil, fmt.Errorf(".PKGINFO: no %q line", key)
		}
	}
	if _, err := apkname.Parse(info.Name()); err != nil {
		return nil, fmt.Errorf(".PKGINFO: pkgname: %w", err)
	}
	if _, err := apkversion.Parse(info.Version()); err != nil {
		return nil, fmt.Errorf(".PKGINFO: pkgver: %w", err)
	}
	return info, nil
}

// String renders the lines of a .PKGINFO.
func (i Info) String() string {
	var b strings.Builder
	for _, p := range i {
		b.WriteString(p.Key + " = " + p.Value + "\n")
	}
	return b.String()
}

// Get returns the first value of a key.
func (i Info) Get(key string) (value string, ok bool) {
	for _, p := range i {
		if p.Key == key {
			return p.Value, true
		}
	}
	return "", false
}

// Value returns the first value of a key, or "".
func (i Info) Value(key string) string {
	v, _ := i.Get(key)
	return v
}

// List returns the words of all values of a key: "depend", "provides",
// "replaces", "install_if" or "triggers".
func (i Info) List(key string) []string {
	var words []string
	for _, p := range i {
		if p.Key == key {
			words = append(words, strings.Fields(p.Value)...)
		}
	}
	return words
}

// Int returns the value of a number such as "size" (bytes) or "builddate" (Unix
// seconds); 0 if the key is absent.
func (i Info) Int(key string) (int64, error) {
	v, ok := i.Get(key)
	if !ok {
		return 0, nil
	}
	n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
	if err != nil {
		return 0, fmt.Errorf(".PKGINFO: %s is %q, want a number", key, v)
	}
	return n, nil
}

// Name returns the package's name.
func (i Info) Name() string { return i.Value("pkgname") }

// Version returns the package's version.
func (i Info) Version() string { return i.Value("pkgver") }

// Arch returns the architecture that the package was built for, "noarch"
// included.
func (i Info) Arch() string { return i.Value("arch") }
