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
)

// KeySuffix ends the file name of every public key.
const KeySuffix = ".rsa.pub"

// Reasons why a signature is refused; the errors of Verify wrap them.
var (
	ErrUnsigned   = errors.New("not signed")
	ErrUnknownKey = errors.New("no signature is by a trusted key")
	ErrBad        = errors.New("signature does not match")
)

// A Keyring holds the trusted public keys by their file name. Its zero value is
// empty and trusts nothing.
type Keyring struct {
	keys map[string]*rsa.PublicKey
}

// Add trusts a PEM-encoded public key under the given file name, which must
// end in ".rsa.pub". The same name with another key is an error.
func (k *Keyring) Add(name string, pemBytes []byte) error {
	if !strings.HasSuffix(name, KeySuffix) || name == KeySuffix || strings.ContainsAny(name, "/\\") {
		return fmt.Errorf("key %q: its name must be a file name that ends in %q, as signatures refer to it by that name", name, KeySuffix)
	}
	key, err := parsePublic(pemBytes)
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

func parsePublic(pemBytes []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(pemBytes)
	if block == nil {
		return nil, errors.New("not a PEM file (want \"-----BEGIN PUBLIC KEY-----\")")
	}
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

// AddFS trusts every "*.rsa.pub" at the top of fsys. A folder without one is an
// error.
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
		if err := k.Add(path.Base(name), data); err != nil {
			return err
		}
	}
	return nil
}

// Names returns the names of the trusted keys, sorted.
func (k *Keyring) Names() []string { return slices.Sorted(maps.Keys(k.keys)) }

// Verify checks signatures over the signed bytes' digests and returns the name
// of the first trusted key that made one: one is enough. The error wraps
// ErrUnsigned, ErrUnknownKey, or, if all that claim to be by trusted keys are
// not, ErrBad.
func (k *Keyring) Verify(sigs []Signature, d Digests) (key string, err error) {
	if len(sigs) == 0 {
		return "", ErrUnsigned
	}
	var bad, unknown []string
	for _, s := range sigs {
		pub, ok := k.keys[s.Key]
		if !ok {
			unknown = append(unknown, s.Key)
			continue
		}
		if rsa.VerifyPKCS1v15(pub, s.Algorithm.hash(), d.of(s.Algorithm), s.Value) == nil {
			return s.Key, nil
		}
		bad = append(bad, s.Key)
	}
	if len(bad) > 0 {
		return "", fmt.Errorf("%w the bytes that it stands for: key %s", ErrBad, quoteList(bad))
	}
	return "", fmt.Errorf("%w: signed by %s, the keyring has %s", ErrUnknownKey, quoteList(unknown), quoteList(k.Names()))
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
