// Package apkversion orders package versions as apk does.
//
// A version is digits(.digits)*[letter](_suffix[number])*[~hash][-rNumber]. The ordering is that of apk-tools 2.14, its
// surprises included; the hash part, which 2.14 does not know, is ordered as apk-tools 3 does.
package apkversion

import (
	"fmt"
	"strings"
)

// part says what the next piece of a version is. The order matters: of two versions that agree up to here, the one
// whose next part is the smaller kind is the newer one (1.2.1 > 1.2a > 1.2_p1 > 1.2~hash > 1.2-r1 > 1.2).
type part int

const (
	partInvalid part = iota - 1
	partComponent
	partNumber
	partLetter
	partSuffix
	partSuffixNumber
	partHash
	partRevision
	partEnd
)

// suffixes ranks the known suffixes. Negative ones come before a release.
var suffixes = [...]struct {
	name string
	rank int64
}{
	{"alpha", -4}, {"beta", -3}, {"pre", -2}, {"rc", -1},
	{"cvs", 0}, {"svn", 1}, {"git", 2}, {"hg", 3}, {"p", 4},
}

// maxDigits is the longest number that apk reads.
const maxDigits = 17

// scanner walks over a version. next is the kind of the part that take will read.
type scanner struct {
	rest string
	next part
	// hash is the text of the hash part read last.
	hash string
}

func scan(v string) scanner { return scanner{rest: v, next: partNumber} }

// take reads one part, returns its value and finds the kind of the part after it.
func (s *scanner) take() int64 {
	if s.rest == "" {
		s.next = partEnd
		return 0
	}
	n := 0 // bytes read
	var value int64
	switch s.next {
	case partComponent, partNumber, partSuffixNumber, partRevision:
		if s.next == partComponent && s.rest[0] == '0' {
			// Zeros at the front, but for the last, are a part of their own: the more of them, the smaller. The number
			// is read after them, from its last zero on: a component with a zero in front of it is smaller than any
			// without, 1.01 < 1.1.
			for n+1 < len(s.rest) && s.rest[n+1] == '0' {
				n++
			}
			s.rest = s.rest[n:]
			s.next = partNumber
			return -int64(n)
		}
		for n < len(s.rest) && isDigit(s.rest[n]) {
			if n == maxDigits {
				return s.fail()
			}
			value = value*10 + int64(s.rest[n]-'0')
			n++
		}
	case partLetter:
		value, n = int64(s.rest[0]), 1
	case partSuffix:
		found := false
		for _, suffix := range suffixes {
			if strings.HasPrefix(s.rest, suffix.name) {
				value, n, found = suffix.rank, len(suffix.name), true
				break
			}
		}
		if !found {
			return s.fail()
		}
	case partHash:
		for n < len(s.rest) && isHex(s.rest[n]) {
			n++
		}
		s.hash = s.rest[:n]
	default:
		return s.fail()
	}
	s.rest = s.rest[n:]
	s.advance()
	return value
}

// fail marks the version as broken from here on.
func (s *scanner) fail() int64 {
	s.next = partInvalid
	return -1
}

// advance sets next from the text that follows a part of kind s.next, consuming the separator.
func (s *scanner) advance() {
	if s.rest == "" {
		s.next = partEnd
		return
	}
	before, c := s.next, s.rest[0]
	switch {
	case (before == partNumber || before == partComponent) && c >= 'a' && c <= 'z':
		s.next = partLetter
		return
	case before == partLetter && isDigit(c):
		s.next = partNumber
		return
	case before == partSuffix && isDigit(c):
		s.next = partSuffixNumber
		return
	}
	after := partInvalid
	switch c {
	case '.':
		after = partComponent
	case '_':
		after = partSuffix
	case '~':
		after = partHash
	case '-':
		if strings.HasPrefix(s.rest, "-r") {
			after = partRevision
			s.rest = s.rest[1:]
		}
	}
	s.rest = s.rest[1:]
	if after < before &&
		!(before == partNumber && after == partComponent) &&
		!(before == partSuffixNumber && after == partSuffix) {
		after = partInvalid
	}
	if after == partHash && (before == partHash || s.rest == "" || !isHex(s.rest[0])) {
		after = partInvalid
	}
	s.next = after
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'f' }

// MaxLen bounds a version, in bytes.
const MaxLen = 100

// Version is a valid version. Parse is the only way to make one; the zero value is none.
type Version struct{ version string }

// Parse takes a version of at most MaxLen bytes that is Valid.
func Parse(s string) (Version, error) {
	if len(s) > MaxLen {
		return Version{}, fmt.Errorf("version %.80q… has %d bytes, want at most %d", s, len(s), MaxLen)
	}
	if s == "" || !Valid(s) {
		return Version{}, fmt.Errorf("version is %q, want digits[.digits…][letter][_suffix[N]][~hash][-rN], as in 1.2.3_rc1-r0 (\"apk version --check\" tells)", s)
	}
	return Version{s}, nil
}

// String returns the version.
func (v Version) String() string { return v.version }

// Valid says whether apk takes v for a version.
func Valid(v string) bool {
	s := scan(v)
	for s.next != partEnd && s.next != partInvalid {
		s.take()
	}
	return s.next == partEnd
}

// Compare returns -1, 0 or 1 as a is older than, the same as, or newer than b. It is defined for invalid versions too,
// in the way that apk does it.
func Compare(a, b string) int {
	return compare(a, b, false)
}

// ComparePrefix is Compare, but 0 where v is prefix or begins with it, part by part: 1.2.3-r0 has the prefixes 1.2.3,
// 1.2 and 1 but not 1.2.30 and not 1.1. This is the operator ~ of constraints. As in apk 2.14, a version that ends, or
// goes on differently, where the prefix has more parts passes too: 1.2-r0 has the prefix 1.2.3 as well.
func ComparePrefix(v, prefix string) int {
	return compare(v, prefix, true)
}

func compare(a, b string, prefix bool) int {
	if a == b {
		return 0
	}
	x, y := scan(a), scan(b)
	var vx, vy int64
	for x.next == y.next && x.next != partEnd && x.next != partInvalid && vx == vy && x.hash == y.hash {
		vx, vy = x.take(), y.take()
	}
	switch {
	case vx != vy:
		return sign(vx < vy)
	case x.hash != y.hash:
		return sign(x.hash < y.hash)
	case x.next == y.next, prefix:
		return 0
	}
	// One goes on where the other ends or goes on differently: the one that goes on is newer, unless it goes on with a
	// suffix for "before release".
	if beforeRelease(x) {
		return -1
	}
	if beforeRelease(y) {
		return 1
	}
	return sign(x.next > y.next)
}

// beforeRelease takes a copy of the scanner, which it moves.
func beforeRelease(s scanner) bool {
	return s.next == partSuffix && s.take() < 0
}

func sign(less bool) int {
	if less {
		return -1
	}
	return 1
}
