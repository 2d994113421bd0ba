// Package apkfile reads and writes apk version 2 package files: two or three gzip streams in one file, which hold a tar
// of signatures (absent in unsigned packages), a tar of control files, and the tar of the package's files.
//
// The data section, byte for byte, is an OCI layer, and its digest is the "datahash" that the control section states.
package apkfile

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
)

// A Section is a range of bytes in a package file.
type Section struct {
	Offset, Size int64
}

// End returns the offset of the first byte after the section.
func (s Section) End() int64 { return s.Offset + s.Size }

// A File is what one pass over a package file finds out. Digests are "sha256:<lower-case hex>".
type File struct {
	Size   int64
	SHA256 string // of the whole file

	Signature Section // empty in an unsigned package
	Control   Section
	Data      Section

	Signatures []apksign.Signature
	Key        string // name of the key that signed it, if Signed trusted it
	Checksum   string // "Q1" and base64: SHA-1 of the control section, as in the index
	Info       Info   // .PKGINFO
	// Scripts are the control section's other files, such as ".post-install" and ".trigger", by name.
	Scripts map[string][]byte

	LayerDigest string // of the data section
	DiffID      string // of the uncompressed data section
}

// ErrNoDatahash is wrapped by the error of Read for a package that states none.
var ErrNoDatahash = errors.New("the package states no datahash, so nothing vouches for its files; want one built by abuild 2.0 or later, or by melange")

// ErrNoData is wrapped by the error of Read for a package that ends where its data section should begin. It wraps
// io.ErrUnexpectedEOF, too.
var ErrNoData = fmt.Errorf("no data section, which has a package's files: the file ends after its control section (%w); if it is not truncated, it is no package: build it again", io.ErrUnexpectedEOF)

// datahash returns what the control section states of the data section.
func (f *File) datahash() (string, error) {
	want, ok := f.Info.Get("datahash")
	if !ok {
		return "", ErrNoDatahash
	}
	if _, err := hex.DecodeString(want); err != nil || len(want) != 64 {
		return "", fmt.Errorf("datahash in .PKGINFO is %q, want the 64 hex digits of a SHA-256", want)
	}
	return want, nil
}

// verifyData checks the data section against the datahash that the control section states.
func (f *File) verifyData(want string) error {
	if got := strings.TrimPrefix(f.LayerDigest, digestPrefix); got != strings.ToLower(want) {
		return fmt.Errorf("data section (%d bytes at offset %d): SHA-256 is %s, want %s as its .PKGINFO states as datahash: the file is damaged or was changed; get it again", f.Data.Size, f.Data.Offset, got, want)
	}
	return nil
}
