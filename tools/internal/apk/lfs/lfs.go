// Package lfs recognises the pointers of Git LFS, which lie in the files' place in a checkout that was made without it.
package lfs

import (
	"bytes"
	"errors"
)

// ErrPointer is the error of Detect.
var ErrPointer = errors.New("this is a Git LFS pointer, want the file that it stands for; run \"git lfs pull\" where the repository was checked out")

const prefix = "version https://git-lfs.github.com/spec/"

// PrefixLen is how many bytes Detect needs to see.
const PrefixLen = len(prefix)

// Detect returns ErrPointer if file, or its beginning, is a pointer; otherwise nil.
func Detect(file []byte) error {
	if bytes.HasPrefix(file, []byte(prefix)) {
		return ErrPointer
	}
	return nil
}
