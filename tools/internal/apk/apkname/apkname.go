// Package apkname has the types of a package's name and of a name that packages depend on or provide. Their
// constructors are the only way to make one, so that whoever has one can use it in a path, a URL, a label or a line of
// a database.
package apkname

import (
	"fmt"
	"strings"
)

// MaxLen bounds a package's name, in bytes. The longest of Alpine's 23,000 names has 53. With a version of at most
// apkversion.MaxLen bytes it makes a file name that file systems take.
const MaxLen = 128

// maxDependency bounds a name that is depended on or provided. The longest in Alpine has 212 bytes.
const maxDependency = 4096

// Name is the name of a package. The zero value is none.
type Name struct{ name string }

// Parse takes a package's name: letters, digits, "+", "-", "." and "_" of ASCII, of which the first is a letter or a
// digit. It is what abuild and melange make, and all that Alpine has.
func Parse(s string) (Name, error) {
	switch {
	case s == "":
		return Name{}, fmt.Errorf("package name is empty, want %s", grammar)
	case len(s) > MaxLen:
		return Name{}, fmt.Errorf("package name %s has %d bytes, want at most %d", quote(s), len(s), MaxLen)
	case !isAlphanumeric(s[0]):
		return Name{}, fmt.Errorf("package name %s begins with %q, want %s", quote(s), s[:1], grammar)
	}
	for i := range len(s) {
		if !isAlphanumeric(s[i]) && !strings.ContainsRune("+-._", rune(s[i])) {
			return Name{}, fmt.Errorf("package name %s holds %q, want %s", quote(s), s[i:i+1], grammar)
		}
	}
	return Name{s}, nil
}

const grammar = `a letter or digit, then letters, digits, "+", "-", "." or "_", as in "libstdc++"`

// String returns the name.
func (n Name) String() string { return n.name }

// Dependency is a name that a package depends on or provides: a package's name, or such as "so:libc.musl-x86_64.so.1",
// "cmd:[", "/bin/sh". The zero value is none.
type Dependency struct{ name string }

// ParseDependency takes such a name: printable characters of ASCII but blanks, and those that end a name in a
// constraint: "<", "=", ">", "~" and "@". A "!" in front is not part of it.
func ParseDependency(s string) (Dependency, error) {
	switch {
	case s == "":
		return Dependency{}, fmt.Errorf("the name is empty, want one such as \"musl\"")
	case len(s) > maxDependency:
		return Dependency{}, fmt.Errorf("the name %s has %d bytes, want at most %d", quote(s), len(s), maxDependency)
	case s[0] == '!':
		return Dependency{}, fmt.Errorf("the name %s begins with \"!\", want one conflict at a time", quote(s))
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.ContainsRune("<=>~@", rune(c)) {
			return Dependency{}, fmt.Errorf("the name %s holds %q, want printable ASCII without blanks, \"<\", \"=\", \">\", \"~\" and \"@\"", quote(s), s[i:i+1])
		}
	}
	return Dependency{s}, nil
}

// String returns the name.
func (d Dependency) String() string { return d.name }

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func quote(s string) string {
	const most = 80
	if len(s) > most {
		return fmt.Sprintf("%q…", s[:most])
	}
	return fmt.Sprintf("%q", s)
}
