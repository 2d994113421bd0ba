package convert

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/deb"
)

// bundlePackage ships certificates one by one. Its postinst, which is not run, would put them into one file.
const bundlePackage = "ca-certificates"

const (
	certificates = "usr/share/ca-certificates/"
	bundlePath   = "etc/ssl/certs/ca-certificates.crt"
	// opensslPath is where Debian's OpenSSL looks for a bundle by default.
	opensslPath = "usr/lib/ssl/cert.pem"
)

// bundle writes the file that update-ca-certificates(8) would make of the package's certificates, all of them in
// alphabetical order, to file, and returns the entries for it and for OpenSSL's link to it.
func bundle(entries []deb.Entry, file string) ([]deb.Entry, error) {
	var found []deb.Entry
	for _, e := range entries {
		if strings.HasPrefix(e.Path, certificates) && strings.HasSuffix(e.Path, ".crt") && e.File != "" {
			found = append(found, e)
		}
		if e.Path == bundlePath || e.Path == opensslPath {
			return nil, errors.New("ships " + e.Path + ", which was to be generated")
		}
	}
	if len(found) == 0 {
		return nil, errors.New("has no certificates below " + certificates)
	}
	slices.SortFunc(found, func(a, b deb.Entry) int { return strings.Compare(a.Path, b.Path) })
	var all bytes.Buffer
	for _, e := range found {
		text, err := os.ReadFile(e.File)
		if err != nil {
			return nil, err
		}
		all.Write(bytes.TrimRight(text, "\n"))
		all.WriteByte('\n')
	}
	if err := os.WriteFile(file, all.Bytes(), 0o644); err != nil {
		return nil, err
	}
	return []deb.Entry{
		{Path: bundlePath, Mode: 0o644, Uname: "root", Gname: "root", File: file},
		link(opensslPath, "/"+bundlePath),
	}, nil
}
