// Package verified has one type, Bytes, for bytes that somebody vouches for: a key's signature, a digest that is known,
// or the place that they come from.
//
// What parses an index, a control section, a key, a manifest or a config takes Bytes and nothing else. As only this
// package can make them, and each of its functions makes them of exactly the bytes that it has checked, what is parsed
// cannot be anything but what was verified.
package verified

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bytes are bytes that were verified. They cannot be changed. The zero value holds none.
type Bytes struct {
	data string
	by   string
}

// Len returns the number of bytes.
func (b Bytes) Len() int { return len(b.data) }

// By says in a few words what vouches for the bytes: `key "a.rsa.pub"`, "sha256:…".
func (b Bytes) By() string { return b.by }

// String returns the bytes.
func (b Bytes) String() string { return b.data }

// Reader returns a new reader of the bytes. It is an io.ByteReader, an io.ReaderAt and an io.Seeker, too.
func (b Bytes) Reader() *strings.Reader { return strings.NewReader(b.data) }

// Copy returns the bytes in a slice of their own.
func (b Bytes) Copy() []byte { return []byte(b.data) }

// A Mismatch is the error for bytes that are not those that are wanted.
type Mismatch struct {
	Size      int    // of the bytes that there are
	Got, Want string // digests
}

func (m *Mismatch) Error() string {
	return fmt.Sprintf("%d bytes: digest is %s, want %s", m.Size, m.Got, m.Want)
}

// ErrDigest is wrapped by errors about a wanted digest that is none.
var ErrDigest = errors.New("want sha256: and 64 lower-case hex digits")

// Digest takes bytes whose SHA-256 is the wanted digest, "sha256:<lower-case hex>". The error is a *Mismatch, or wraps
// ErrDigest.
func Digest(data []byte, want string) (Bytes, error) {
	if !isDigest(want) {
		return Bytes{}, fmt.Errorf("digest is %q, %w", want, ErrDigest)
	}
	// The bytes are copied first: what is checked is what nobody can change.
	b := Bytes{data: string(data), by: want}
	if got := DigestOf(b.data); got != want {
		return Bytes{}, &Mismatch{len(data), got, want}
	}
	return b, nil
}

// Checksum takes bytes whose SHA-1 is the wanted checksum, "Q1" and base64, as apk's indexes state it. The error is a
// *Mismatch.
func Checksum(data []byte, want string) (Bytes, error) {
	b := Bytes{data: string(data), by: want}
	sum := sha1.Sum([]byte(b.data))
	if got := "Q1" + base64.StdEncoding.EncodeToString(sum[:]); got != want {
		return Bytes{}, &Mismatch{len(data), got, want}
	}
	return b, nil
}

// Read reads exactly size bytes whose SHA-256 is the wanted digest. It takes no more memory than that, and an input
// that is longer is an error.
func Read(r io.Reader, size int64, want string) (Bytes, error) {
	if size < 0 {
		return Bytes{}, fmt.Errorf("size is %d, want 0 or more", size)
	}
	var data bytes.Buffer
	n, err := io.Copy(&data, io.LimitReader(r, size))
	if err != nil {
		return Bytes{}, err
	}
	if n < size {
		return Bytes{}, fmt.Errorf("it ends after %d bytes, want %d: %w", n, size, io.ErrUnexpectedEOF)
	}
	if n, err := io.ReadFull(r, make([]byte, 1)); n > 0 {
		return Bytes{}, fmt.Errorf("it has more than %d bytes, want exactly that many", size)
	} else if err != nil && !errors.Is(err, io.EOF) {
		return Bytes{}, err
	}
	return Digest(data.Bytes(), want)
}

// Signature takes bytes that an RSA key signed (PKCS#1 v1.5). by says whose key that is.
func Signature(data []byte, key *rsa.PublicKey, hash crypto.Hash, signature []byte, by string) (Bytes, error) {
	b := Bytes{data: string(data), by: by}
	h := hash.New()
	io.WriteString(h, b.data)
	if err := rsa.VerifyPKCS1v15(key, hash, h.Sum(nil), signature); err != nil {
		return Bytes{}, err
	}
	return b, nil
}

// Trust takes bytes on faith. by says why they are believed: they come from the user's own files, from a server that
// its certificate vouches for, or out of the very build that reads them. What others made must not come this way:
// TestWhoTrusts lists who may call Trust.
func Trust(data []byte, by string) Bytes { return Bytes{data: string(data), by: by} }

// DigestOf returns the digest of data, "sha256:<lower-case hex>".
func DigestOf[T string | []byte](data T) string {
	sum := sha256.Sum256([]byte(data))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func isDigest(s string) bool {
	digits, ok := strings.CutPrefix(s, "sha256:")
	sum, err := hex.DecodeString(digits)
	return ok && err == nil && len(sum) == sha256.Size && digits == strings.ToLower(digits)
}
