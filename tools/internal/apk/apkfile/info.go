package apkfile

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkname"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktime"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkversion"
)

// A Pair is one line of .PKGINFO.
type Pair struct {
	Key, Value string
}

// An Info holds the "key = value" lines of a .PKGINFO in their order. A key may occur several times.
type Info []Pair

// maxInfoLines bounds the lines of a .PKGINFO.
const maxInfoLines = 1 << 20

// parseInfo parses a .PKGINFO. As apk does, it passes over comments and lines without " = ": "key = " has an empty
// value, "key =" is no line at all. A file without a valid name and version is an error, and so is what apk reads
// otherwise than others would: a key twice that there can be one of, control characters, and numbers that are none.
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
		if i := strings.IndexFunc(line, isControl); i >= 0 {
			return nil, fmt.Errorf(".PKGINFO: the line %.80q has the control character %#02x, want text", line, line[i])
		}
		if key, value, ok := strings.Cut(line, " = "); ok {
			info = append(info, Pair{key, value})
		}
	}
	if err := info.check(); err != nil {
		return nil, fmt.Errorf(".PKGINFO: %w", err)
	}
	return info, nil
}

// isControl tells what goes neither to terminals nor into the lines of a database.
func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

func (i Info) check() error {
	seen := make(map[string]bool)
	for _, p := range i {
		if seen[p.Key] && single(p.Key) {
			return fmt.Errorf("%s is there twice, want it once: which of them counts depends on the program", p.Key)
		}
		seen[p.Key] = true
	}
	for _, key := range []string{"pkgname", "pkgver"} {
		if v, _ := i.Get(key); v == "" {
			return fmt.Errorf("no %q line", key)
		}
	}
	if _, err := apkname.Parse(i.Name()); err != nil {
		return fmt.Errorf("pkgname: %w", err)
	}
	if _, err := apkversion.Parse(i.Version()); err != nil {
		return fmt.Errorf("pkgver: %w", err)
	}
	for _, key := range []string{"size", "replaces_priority", "provider_priority"} {
		if n, err := i.Int(key); err != nil {
			return err
		} else if n < 0 {
			return fmt.Errorf("%s is %d, want 0 or more", key, n)
		}
	}
	built, err := i.Int("builddate")
	if err == nil {
		err = apktime.Check(built)
	}
	if err != nil {
		return fmt.Errorf("builddate: %w", err)
	}
	return nil
}

// single reports whether a .PKGINFO has at most one line of a key. Of the keys that programs do not know there may be
// several.
func single(key string) bool {
	switch key {
	case "pkgname", "pkgver", "pkgdesc", "url", "builddate", "size", "arch", "origin", "commit", "maintainer", "license",
		"replaces_priority", "provider_priority", "datahash":
		return true
	}
	return false
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

// List returns the words of all values of a key: "depend", "provides", "replaces", "install_if" or "triggers".
func (i Info) List(key string) []string {
	var words []string
	for _, p := range i {
		if p.Key == key {
			words = append(words, strings.Fields(p.Value)...)
		}
	}
	return words
}

// Int returns the value of a number such as "size" (bytes) or "builddate" (Unix seconds); 0 if the key is absent or has
// an empty value, as to apk.
func (i Info) Int(key string) (int64, error) {
	v, ok := i.Get(key)
	if !ok || v == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is %q, want a number", key, v)
	}
	return n, nil
}

// Name returns the package's name.
func (i Info) Name() string { return i.Value("pkgname") }

// Version returns the package's version.
func (i Info) Version() string { return i.Value("pkgver") }

// Arch returns the architecture that the package was built for, "noarch" included.
func (i Info) Arch() string { return i.Value("arch") }
