// Package apksign makes and checks the RSA signatures of apk version 2
// packages and indexes: PKCS#1 v1.5 over the bytes that follow the signature
// section (for a package, over its control section alone), by a key that the
// signature's file name states.
package apksign

import (
	"crypto"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"strings"
)

// An Algorithm is the hash of a signature; its values are the prefixes of the
// file names in a signature section.
type Algorithm string

// The algorithms that apk-tools knows.
const (
	RSASHA1   Algorithm = "RSA"
	RSASHA256 Algorithm = "RSA256"
	RSASHA512 Algorithm = "RSA512"
)

const namePrefix = ".SIGN."

// A Signature is one file of a signature section.
type Signature struct {
	Algorithm Algorithm
	Key       string // name of the key file, such as "builder.rsa.pub"
	Value     []byte
}

// FileName returns the name of the signature's file: ".SIGN.RSA256.<key>".
func (s Signature) FileName() string {
	return namePrefix + string(s.Algorithm) + "." + s.Key
}

// IsFileName reports whether a file of that name belongs to a signature
// section, be its algorithm known or not.
func IsFileName(name string) bool { return strings.HasPrefix(name, namePrefix) }

// ParseFileName splits a name such as ".SIGN.RSA.<key>". It is not ok for an
// algorithm that this package does not know; such signatures count for
// nothing.
func ParseFileName(name string) (alg Algorithm, key string, ok bool) {
	rest, ok := strings.CutPrefix(name, namePrefix)
	if !ok {
		return "", "", false
	}
	a, key, ok := strings.Cut(rest, ".")
	alg = Algorithm(a)
	if !ok || key == "" || alg.hash() == 0 {
		return "", "", false
	}
	return alg, key, true
}

func (a Algorithm) hash() crypto.Hash {
	switch a {
	case RSASHA1:
		return crypto.SHA1
	case RSASHA256:
		return crypto.SHA256
	case RSASHA512:
		return crypto.SHA512
	}
	return 0
}

// A Digester is an io.Writer that takes the bytes that are or will be signed.
// Which of its digests is needed shows only once the signatures are known, so
// it makes all of them.
type Digester struct {
	sha1, sha256, sha512 hash.Hash
}

// NewDigester returns an empty Digester.
func NewDigester() *Digester {
	return &Digester{sha1: sha1.New(), sha256: sha256.New(), sha512: sha512.New()}
}

// Write never fails.
func (d *Digester) Write(p []byte) (int, error) {
	d.sha1.Write(p)
	d.sha256.Write(p)
	d.sha512.Write(p)
	return len(p), nil
}

// Sum returns the digests of what was written so far.
func (d *Digester) Sum() Digests {
	return Digests{SHA1: d.sha1.Sum(nil), SHA256: d.sha256.Sum(nil), SHA512: d.sha512.Sum(nil)}
}

// Digests are the raw digests of signed bytes.
type Digests struct {
	SHA1, SHA256, SHA512 []byte
}

func (d Digests) of(a Algorithm) []byte {
	switch a {
	case RSASHA1:
		return d.SHA1
	case RSASHA256:
		return d.SHA256
	case RSASHA512:
		return d.SHA512
	}
	return nil
}
