package apksign

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Signer makes signatures with one private key.
type Signer struct {
	key       *rsa.PrivateKey
	name      string
	algorithm Algorithm
}

// NewSigner takes a PEM-encoded RSA private key (PKCS#1 or PKCS#8), the name of the public key's file, and the
// algorithm: RSASHA256, or RSASHA1 for what must be read by apk-tools before 2.12.
func NewSigner(pemBytes []byte, name string, algorithm Algorithm) (*Signer, error) {
	if !strings.HasSuffix(name, KeySuffix) || strings.ContainsAny(name, "/\\") {
		return nil, fmt.Errorf("signing key: name is %q, want the public key's file name, ending in %q", name, KeySuffix)
	}
	if algorithm.hash() == 0 {
		return nil, fmt.Errorf("signing key %q: algorithm is %q, want one of %q", name, algorithm, slices.Sorted(maps.Keys(hashes)))
	}
	key, err := parsePrivate(pemBytes)
	if err != nil {
		return nil, fmt.Errorf("signing key %q: %w", name, err)
	}
	return &Signer{key: key, name: name, algorithm: algorithm}, nil
}

func parsePrivate(pemBytes []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(pemBytes)
	if block == nil {
		return nil, errors.New("not a PEM file (want \"-----BEGIN RSA PRIVATE KEY-----\" or \"-----BEGIN PRIVATE KEY-----\")")
	}
	if block.Type == "RSA PRIVATE KEY" {
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("is a %T, want an RSA private key", parsed)
	}
	return key, nil
}

// Name returns the name of the public key's file.
func (s *Signer) Name() string { return s.name }

// Sign makes the signature over data. The same bytes give the same signature, as PKCS#1 v1.5 has no salt.
func (s *Signer) Sign(data []byte) (Signature, error) {
	h := s.algorithm.hash().New()
	h.Write(data)
	value, err := rsa.SignPKCS1v15(nil, s.key, s.algorithm.hash(), h.Sum(nil))
	if err != nil {
		return Signature{}, fmt.Errorf("signing with key %q: %w", s.name, err)
	}
	return Signature{Algorithm: s.algorithm, Key: s.name, Value: value}, nil
}
