// Package apksign makes and checks the RSA signatures of apk version 2 packages and indexes: PKCS#1 v1.5 over the bytes
// that follow the signature section (for a package, over its control section alone), by a key that the signature's file
// name states.
package apksign

import (
	"crypto"
	_ "crypto/sha1"   // for the hashes that an Algorithm names
	_ "crypto/sha256" // "
	_ "crypto/sha512" // "
	"strings"
)

// An Algorithm is the hash of a signature; its values are the prefixes of the file names in a signature section.
type Algorithm string

// The algorithms that apk-tools knows.
const (
	RSASHA1   Algorithm = "RSA"
	RSASHA256 Algorithm = "RSA256"
	RSASHA512 Algorithm = "RSA512"
)

// hashes has every algorithm.
var hashes = map[Algorithm]crypto.Hash{RSASHA1: crypto.SHA1, RSASHA256: crypto.SHA256, RSASHA512: crypto.SHA512}

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

// IsFileName reports whether a file of that name belongs to a signature section, be its algorithm known or not.
func IsFileName(name string) bool { return strings.HasPrefix(name, namePrefix) }

// ParseFileName splits a name such as ".SIGN.RSA.<key>". It is not ok for an algorithm that this package does not know;
// such signatures count for nothing.
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

// hash is 0 for an algorithm that this package does not know.
func (a Algorithm) hash() crypto.Hash { return hashes[a] }
