package apkfacts

import (
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// maxContent bounds what is kept of one file, in bytes. The largest of the wanted ones are bundles of certificates.
const maxContent = 2 << 20

// maxKept bounds what is kept of all files of a package together, in bytes.
const maxKept = 16 << 20

// keepContent says whether images need a file's content: those that the system layer merges, reads or rewrites.
func keepContent(p imagepath.Path, size int64) bool {
	if size > maxContent {
		return false
	}
	switch p.String() {
	case "etc/passwd", "etc/group", "etc/shadow", "etc/gshadow",
		"etc/os-release", "usr/lib/os-release",
		"etc/ld.so.conf",
		"etc/ssl/certs/ca-certificates.crt", "etc/ssl/cert.pem",
		"etc/apk/world", "etc/apk/arch", "etc/apk/repositories":
		return true
	}
	switch p.Parent().String() {
	case "etc/busybox-paths.d", "etc/ld.so.conf.d":
		return true
	}
	return IsKeystore(p)
}

// IsKeystore says whether a file is Java's keystore of trusted authorities: they lie below each runtime's own folder,
// or are the system's.
func IsKeystore(p imagepath.Path) bool {
	return p.Base() == "cacerts" && (strings.Contains(p.String(), "/security/") || strings.Contains(p.String(), "/java/"))
}
