package apksign

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/verified"
)

// KeySuffix ends the file name of every public key.
const KeySuffix = ".rsa.pub"

// Reasons why a signature is refused; the errors of Verify wrap them.
var (
	ErrUnsigned   = errors.New("not signed")
	ErrUnknownKey = errors.New("no signature is by a trusted key")
	ErrBad        = errors.New("signature does not match")
	// ErrUnsignedPart is about the signature section itself.
	ErrUnsignedPart = errors.New("nobody has signed this part of the file, so nothing but signatures may be in it")
)

// A Keyring holds the trusted public keys by their file name. Its zero value is empty and trusts nothing.
type Keyring struct {
	keys map[string]*rsa.PublicKey
}

// maxKeyBits bounds the modulus of a key: checking a signature by a longer one takes seconds.
const maxKeyBits = 16384

// Add trusts a PEM-encoded public key under the given file name, which must end in ".rsa.pub". The same name with
// another key is an error.
func (k *Keyring) Add(name string, file verified.Bytes) error {
	if !strings.HasSuffix(name, KeySuffix) || name == KeySuffix || strings.ContainsAny(name, "/\\") {
		return fmt.Errorf("key %q: its name must be a file name that ends in %q, as signatures refer to it by that name", name, KeySuffix)
	}
	key, err := parsePublic(file.Copy())
	if err != nil {
		return fmt.Errorf("key %q: %w", name, err)
	}
	if old, ok := k.keys[name]; ok && !old.Equal(key) {
		return fmt.Errorf("key %q is given twice, with different contents", name)
	}
	if k.keys == nil {
		k.keys = make(map[string]*rsa.PublicKey)
	}
	k.keys[name] = key
	return nil
}

// Fingerprint returns "sha256:<hex>" of a trusted key's DER form (PKIX), which is the same however the key's file is
// written; "" for an unknown name.
func (k *Keyring) Fingerprint(name string) string {
	key, ok := k.keys[name]
	if !ok {
		return ""
	}
	return fingerprint(key)
}

// FingerprintOf returns what Fingerprint does, of a PEM file that nobody has verified yet.
func FingerprintOf(pemBytes []byte) (string, error) {
	key, err := parsePublic(pemBytes)
	if err != nil {
		return "", err
	}
	return fingerprint(key), nil
}

func fingerprint(key *rsa.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		// It has no error for RSA keys.
		panic(err)
	}
	return verified.DigestOf(der)
}

func parsePublic(pemBytes []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(pemBytes)
	if block == nil {
		return nil, errors.New("not a PEM file (want \"-----BEGIN PUBLIC KEY-----\")")
	}
	key, err := parseRSA(block)
	if err != nil {
		return nil, err
	}
	if bits := key.N.BitLen(); bits > maxKeyBits {
		return nil, fmt.Errorf("has %d bits, want at most %d", bits, maxKeyBits)
	}
	return key, nil
}

func parseRSA(block *pem.Block) (*rsa.PublicKey, error) {
	if block.Type == "RSA PUBLIC KEY" {
		return x509.ParsePKCS1PublicKey(block.Bytes)
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("is a %T, want an RSA public key", parsed)
	}
	return key, nil
}

// AddFS trusts every "*.rsa.pub" at the top of fsys. A folder without one is an error.
func (k *Keyring) AddFS(fsys fs.FS) error {
	names, err := fs.Glob(fsys, "*"+KeySuffix)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fmt.Errorf("no file named *%s there", KeySuffix)
	}
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		if err := k.Add(path.Base(name), verified.Trust(data, "the user's folder of keys")); err != nil {
			return err
		}
	}
	return nil
}

// Names returns the names of the trusted keys, sorted.
func (k *Keyring) Names() []string { return slices.Sorted(maps.Keys(k.keys)) }

// Verify checks signatures over data, and returns the name of the first trusted key that made one, as one is enough,
// and the verified bytes. The error wraps ErrUnsigned, ErrUnknownKey, or, if all that claim to be by trusted keys are
// not, ErrBad.
func (k *Keyring) Verify(sigs []Signature, data []byte) (key string, signed verified.Bytes, err error) {
	if len(sigs) == 0 {
		return "", verified.Bytes{}, ErrUnsigned
	}
	var bad, unknown []string
	for _, s := range sigs {
		pub, ok := k.keys[s.Key]
		if !ok {
			unknown = append(unknown, s.Key)
			continue
		}
		signed, err := verified.Signature(data, pub, s.Algorithm.hash(), s.Value, fmt.Sprintf("key %q", s.Key))
		if err == nil {
			return s.Key, signed, nil
		}
		bad = append(bad, s.Key)
	}
	if len(bad) > 0 {
		return "", verified.Bytes{}, fmt.Errorf("%w the bytes that it stands for: key %s", ErrBad, quoteList(bad))
	}
	return "", verified.Bytes{}, fmt.Errorf("%w: signed by %s, the keyring has %s", ErrUnknownKey, quoteList(unknown), quoteList(k.Names()))
}

func quoteList(names []string) string {
	if len(names) == 0 {
		return "no key"
	}
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(quoted, ", ")
}
