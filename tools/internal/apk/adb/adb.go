// Package adb recognises the container of apk version 3 packages and indexes, which the rest of this project cannot
// read yet. Its first bytes are given in the manual page apk-v3(5).
package adb

import (
	"bytes"
	"errors"
	"fmt"
)

// ErrVersion3 is the error that every reader of version 2 files returns, wrapped, for a version 3 file.
var ErrVersion3 = errors.New("this is an apk version 3 file (ADB), want version 2 (gzip); version 3 is not supported yet: use a repository of version 2 packages")

// PrefixLen is how many bytes Detect needs to see.
const PrefixLen = 4

// Detect returns an error wrapping ErrVersion3, with the container's compression, if prefix is the beginning of a
// version 3 file; otherwise nil. A prefix shorter than PrefixLen is never one.
func Detect(prefix []byte) error {
	var compression string
	switch {
	case bytes.HasPrefix(prefix, []byte("ADB.")):
		compression = "uncompressed"
	case bytes.HasPrefix(prefix, []byte("ADBd")):
		compression = "deflate"
	case bytes.HasPrefix(prefix, []byte("ADBc")):
		compression = "named compression"
	default:
		return nil
	}
	return fmt.Errorf("first bytes are %q (%s): %w", prefix[:PrefixLen], compression, ErrVersion3)
}
