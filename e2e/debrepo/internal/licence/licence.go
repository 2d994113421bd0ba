// Package licence turns Debian's copyright files into SPDX expressions.
package licence

import (
	"regexp"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/control"
)

// names maps the short names of Debian's machine-readable copyright files (copyright-format/1.0), in lower case, to
// SPDX's, where they differ.
var names = map[string]string{
	"expat": "MIT", "mit": "MIT", "x11": "X11", "isc": "ISC", "zlib": "Zlib", "openssl": "OpenSSL",
	"apache-2": "Apache-2.0", "apache-2.0": "Apache-2.0", "artistic": "Artistic-1.0-Perl", "artistic-1": "Artistic-1.0-Perl",
	"bsd-2-clause": "BSD-2-Clause", "bsd-3-clause": "BSD-3-Clause", "bsd-4-clause": "BSD-4-Clause",
	"mpl-1.1": "MPL-1.1", "mpl-2.0": "MPL-2.0", "psf-2": "PSF-2.0", "python-2": "Python-2.0", "cc0-1.0": "CC0-1.0",
	// Without a version: any that there is.
	"gpl": "GPL-1.0-or-later", "lgpl": "LGPL-2.0-or-later", "gfdl": "GFDL-1.1-or-later",
	"gfdl-1.2": "GFDL-1.2-only", "gfdl-1.3": "GFDL-1.3-only", "gfdl-1.3+": "GFDL-1.3-or-later",
}

var gnu = regexp.MustCompile(`(?i)^(a?gpl|lgpl)-(\d)(?:\.(\d))?(\+)?$`)

// common finds the licences that a text refers to by their files.
var common = regexp.MustCompile(`/usr/share/common-licenses/([A-Za-z0-9.+-]*[A-Za-z0-9+])`)

// Expression returns the SPDX expression of a copyright file: every licence that it names, in alphabetical order, as
// all of them hold for something in it. A licence that SPDX does not know becomes a LicenseRef, and so does a file that
// names none: LicenseRef-Debian-PACKAGE.
func Expression(pkg, copyright string) string {
	found := map[string]bool{}
	if strings.HasPrefix(strings.TrimSpace(copyright), "Format:") {
		_ = control.Read(strings.NewReader(copyright), func(s control.Stanza) error {
			short, _, _ := strings.Cut(s["License"], "\n")
			for _, one := range split(short) {
				found[spdx(one)] = true
			}
			return nil
		})
	}
	if len(found) == 0 {
		for _, match := range common.FindAllStringSubmatch(copyright, -1) {
			found[spdx(match[1])] = true
		}
		if strings.Contains(copyright, "PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2") {
			found["PSF-2.0"] = true
		}
	}
	if len(found) == 0 {
		return "LicenseRef-Debian-" + ref(pkg)
	}
	var all []string
	for one := range found {
		all = append(all, one)
	}
	slices.Sort(all)
	return strings.Join(all, " AND ")
}

// split takes "GPL-2+ or BSD-3-clause, and Expat" apart. Exceptions go: they only permit more.
func split(short string) []string {
	var all []string
	var words []string
	flush := func() {
		if len(words) > 0 {
			all = append(all, words[0])
		}
		words = nil
	}
	for _, word := range strings.Fields(strings.NewReplacer(",", " and ", "/", " or ").Replace(short)) {
		switch strings.ToLower(word) {
		case "and", "or":
			flush()
		default:
			words = append(words, word)
		}
	}
	flush()
	return all
}

func spdx(short string) string {
	lower := strings.ToLower(short)
	if name, ok := names[lower]; ok {
		return name
	}
	if m := gnu.FindStringSubmatch(lower); m != nil {
		minor := m[3]
		if minor == "" {
			minor = "0"
		}
		if m[4] != "" {
			return strings.ToUpper(m[1]) + "-" + m[2] + "." + minor + "-or-later"
		}
		return strings.ToUpper(m[1]) + "-" + m[2] + "." + minor + "-only"
	}
	return "LicenseRef-" + ref(short)
}

var notRef = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

func ref(name string) string { return strings.Trim(notRef.ReplaceAllString(name, "-"), "-") }
