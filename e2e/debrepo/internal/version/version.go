// Package version maps Debian's package versions to apk's.
//
// Debian: [epoch:]upstream[-revision] (deb-version(7)); apk: numbers with dots,
// a letter, suffixes such as _rc1 and _p2, and -rN. Both are total orders; the
// mapping keeps Debian's for what the two can both say:
//
//	3.11.2-6+deb12u9    3.11.2_p6_p12_p9-r0
//	3.0.22-1~deb12u2    3.0.22_p1_pre12_p2-r0
//	20230311+deb12u1    20230311_p12_p1-r0
//	1:1.2.13.dfsg-1     1000000000001.2.13.0_p1-r0
//	5.3.28+dfsg2-1      5.3.28.0.2_p1-r0
//
// Words (dfsg, deb, u) are lost, so that two versions can become one. Who uses
// the mapping checks that this does not happen to what is used (see Same).
package version

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	apk "github.com/knqyf263/go-apk-version"
	debian "github.com/knqyf263/go-deb-version"
)

// epochUnit is what an epoch counts in the first number: above every date.
const epochUnit = 1_000_000_000_000

// APK returns the apk version that stands for a Debian one.
func APK(deb string) (string, error) {
	v, err := debian.NewVersion(deb)
	if err != nil {
		return "", fmt.Errorf("version %q: %w", deb, err)
	}
	upstream, revision, hasRevision := cutLast(deb[strings.IndexByte(deb, ':')+1:], '-')
	m := &mapper{rest: upstream}
	m.first(v.Epoch())
	m.body()
	if hasRevision {
		m.rest = revision
		m.suffix("_p")
		m.body()
	}
	m.out.WriteString("-r0")
	if m.err != nil {
		return "", fmt.Errorf("version %q: %w", deb, m.err)
	}
	if version := m.out.String(); apk.Valid(version) {
		return version, nil
	}
	return "", fmt.Errorf("version %q: became %q, want a version that apk takes", deb, m.out.String())
}

// mapper writes the mapping of rest to out.
type mapper struct {
	rest string
	out  strings.Builder
	// Once there is a letter or a suffix, apk takes no more numbers with dots.
	lettered, suffixed bool
	err                error
}

// first writes the first number, which an apk version must begin with.
func (m *mapper) first(epoch int) {
	n, _ := strconv.Atoi(m.digits())
	m.out.WriteString(strconv.Itoa(epoch*epochUnit + n))
}

// body writes the rest: runs of other characters, each with the number after it.
func (m *mapper) body() {
	for m.rest != "" {
		run := m.run()
		switch {
		case strings.HasPrefix(run, "~"):
			m.suffix(before(run))
		case m.suffixed || m.lettered || isDebian(run):
			m.suffix("_p")
		case run == ".":
			m.component()
		case run[0] >= 'a' && run[0] <= 'z':
			m.lettered = true
			m.out.WriteByte(run[0])
			m.out.WriteString(m.digits())
		default:
			// Newer than the version without it, older than the next one.
			m.out.WriteString(".0")
			if m.rest != "" && isDigit(m.rest[0]) {
				m.component()
			}
		}
	}
}

func (m *mapper) component() {
	m.out.WriteByte('.')
	number := m.digits()
	if number == "" {
		number = "0"
	}
	m.out.WriteString(number)
}

func (m *mapper) suffix(name string) {
	m.suffixed = true
	m.out.WriteString(name)
	m.out.WriteString(m.digits())
}

// before is the suffix for a run that Debian sorts before nothing at all.
func before(run string) string {
	for _, word := range []string{"alpha", "beta", "rc"} {
		if strings.Contains(run, word) {
			return "_" + word
		}
	}
	return "_pre"
}

// isDebian says whether run is what Debian adds to a version of its own: a stable update (+deb12u1) or a rebuild (+b1).
func isDebian(run string) bool { return run == "+deb" || run == "+b" }

// digits takes a number, without leading zeros: to Debian, 01 is 1.
func (m *mapper) digits() string {
	n := 0
	for n < len(m.rest) && isDigit(m.rest[n]) {
		n++
	}
	number := m.rest[:n]
	m.rest = m.rest[n:]
	if len(number) > 1 {
		if number = strings.TrimLeft(number, "0"); number == "" {
			number = "0"
		}
	}
	if len(number) > 17 {
		m.err = errors.New("holds a number of more than 17 digits, which apk does not read")
	}
	return number
}

// run takes everything up to the next number.
func (m *mapper) run() string {
	n := 0
	for n < len(m.rest) && !isDigit(m.rest[n]) {
		n++
	}
	run := m.rest[:n]
	m.rest = m.rest[n:]
	return run
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func cutLast(s string, sep byte) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// Compare orders two Debian versions as dpkg does. A version that is not one sorts before all others.
func Compare(a, b string) int {
	x, errX := debian.NewVersion(a)
	y, errY := debian.NewVersion(b)
	switch {
	case errX != nil && errY != nil:
		return strings.Compare(a, b)
	case errX != nil:
		return -1
	case errY != nil:
		return 1
	}
	return cmp.Compare(x.Compare(y), 0)
}

// Same returns an error unless apk orders what two Debian versions became as dpkg orders the two.
func Same(a, b string) error {
	x, err := APK(a)
	if err != nil {
		return err
	}
	y, err := APK(b)
	if err != nil {
		return err
	}
	want, got := Compare(a, b), apk.Version(x).Compare(apk.Version(y))
	if want != got {
		return fmt.Errorf("versions %q and %q: as %q and %q they compare %d, want %d", a, b, x, y, got, want)
	}
	return nil
}
