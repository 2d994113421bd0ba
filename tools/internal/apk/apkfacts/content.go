package apkfacts

import (
	"path"
	"strings"
)

// maxContent bounds what is kept of one file, in bytes. The largest of the wanted ones are bundles of certificates.
const maxContent = 2 << 20

// keepContent says whether images need a file's content: those that the system layer merges, reads or rewrites.
func keepContent(p string, size int64) bool {
	if size > maxContent {
		return false
	}
	switch p {
	case "etc/passwd", "etc/group", "etc/shadow", "etc/gshadow",
		"etc/os-release", "usr/lib/os-release",
		"etc/ld.so.conf",
		"etc/ssl/certs/ca-certificates.crt", "etc/ssl/cert.pem",
		"etc/apk/world", "etc/apk/arch", "etc/apk/repositories":
		return true
	}
	switch path.Dir(p) {
	case "etc/busybox-paths.d", "etc/ld.so.conf.d":
		return true
	}
	return IsKeystore(p)
}

// IsKeystore says whether a file is Java's keystore of trusted authorities: they lie below each runtime's own folder, or are
// the system's.
func IsKeystore(p string) bool {
	return path.Base(p) == "cacerts" && (strings.Contains(p, "/security/") || strings.Contains(p, "/java/"))
}
