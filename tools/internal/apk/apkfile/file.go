// Package apkfile reads and writes apk version 2 package files: two or three
// gzip streams in one file, which hold a tar of signatures (absent in unsigned
// packages), a tar of control files, and the tar of the package's files.
//
// The data section, byte for byte, is an OCI layer, and its digest is the
// "datahash" that the control section states.
package apkfile

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
)

// A Section is a range of bytes in a package file.
type Section struct {
	Offset, Size int64
}

// End returns the offset of the first byte after the section.
func (s Section) End() int64 { return s.Offset + s.Size }

// A File is what one pass over a package file finds out. Digests are
// "sha256:<lower-case hex>".
type File struct {
	Size   int64
	SHA256 string // of the whole file

	Signature Section // empty in an unsigned package
	Control   Section
	Data      Section

	Signatures []apksign.Signature
	Checksum   string // "Q1" and base64: SHA-1 of the control section, as in the index
	Info       Info   // .PKGINFO
	// Scripts are the control section's other files, such as ".post-install"
	// and ".trigger", by name.
	Scripts map[string][]byte

	LayerDigest string // of the data section
	DiffID      string // of the uncompressed data section

	controlDigests apksign.Digests
}

// Verify checks that a trusted key signed the control section and returns that
// key's name. The errors are those of apksign.Keyring.Verify.
func (f *File) Verify(keyring *apksign.Keyring) (key string, err error) {
	return keyring.Verify(f.Signatures, f.controlDigests)
}

// ErrNoDatahash is wrapped by the error of VerifyDatahash for a package that
// states none.
var ErrNoDatahash = errors.New("the package states no datahash, so nothing vouches for its files; want one built by abuild 2.0 or later, or by melange")

// VerifyDatahash checks the data section against the "datahash" that the
// control section states.
func (f *File) VerifyDatahash() error {
	want, ok := f.Info.Get("datahash")
	if !ok {
		return ErrNoDatahash
	}
	if _, err := hex.DecodeString(want); err != nil || len(want) != 64 {
		return fmt.Errorf("datahash in .PKGINFO is %q, want the 64 hex digits of a SHA-256", want)
	}
	if got := strings.TrimPrefix(f.LayerDigest, digestPrefix); got != strings.ToLower(want) {
		return fmt.Errorf("data section (%d bytes at offset %d): SHA-256 is %s, want %s as its .PKGINFO states as datahash: the file is damaged or was changed; get it again", f.Data.Size, f.Data.Offset, got, want)
	}
	return nil
}

// VerifyChecksum checks the control section against the checksum ("Q1" and
// base64) that an index states for the package.
func (f *File) VerifyChecksum(want string) error {
	if f.Checksum != want {
		return fmt.Errorf("control section (%d bytes at offset %d): checksum is %s, want %s as the index states: this is not the file that was indexed; get it again", f.Control.Size, f.Control.Offset, f.Checksum, want)
	}
	return nil
}
