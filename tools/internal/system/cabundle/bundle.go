// Package cabundle adds certificates to bundles of trusted authorities, in PEM.
package cabundle

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
)

// Certificate is one certificate to add.
type Certificate struct {
	// Name is the name that people know it by, such as the file's.
	Name string
	DER  []byte
}

// Parse reads the certificates of a PEM file. A file without any, or with one that cannot be parsed, is an error.
func Parse(name string, data []byte) ([]Certificate, error) {
	var out []Certificate
	for {
		var block *pem.Block
		block, data = pem.Decode(data)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("certificate %s: it has a PEM block %q, want only CERTIFICATE", name, block.Type)
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return nil, fmt.Errorf("certificate %s: %w", name, err)
		}
		out = append(out, Certificate{Name: name, DER: block.Bytes})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("certificate %s: it has no PEM block CERTIFICATE", name)
	}
	return out, nil
}

// Read returns the certificates of a bundle that programs use: what is none is passed over.
func Read(bundle []byte) []Certificate {
	var out []Certificate
	for {
		var block *pem.Block
		if block, bundle = pem.Decode(bundle); block == nil {
			return out
		}
		if block.Type == "CERTIFICATE" {
			out = append(out, Certificate{DER: block.Bytes})
		}
	}
}

// Append returns the bundle with those of the certificates at its end that it does not have yet. A bundle that hides
// what follows it, as a block without an end does, is an error.
func Append(bundle []byte, certificates []Certificate) ([]byte, error) {
	have := sums(bundle)
	var b bytes.Buffer
	b.Write(bundle)
	if n := len(bundle); n > 0 && bundle[n-1] != '\n' {
		b.WriteByte('\n')
	}
	for _, c := range certificates {
		sum := sha256.Sum256(c.DER)
		if have[sum] {
			continue
		}
		have[sum] = true
		b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.DER}))
	}
	found := sums(b.Bytes())
	for _, c := range certificates {
		if !found[sha256.Sum256(c.DER)] {
			return nil, fmt.Errorf("certificate %s: the bundle ends in the middle of a PEM block, which would hide a certificate added after it", c.Name)
		}
	}
	return b.Bytes(), nil
}

// sums are the SHA-256 digests of a bundle's certificates.
func sums(bundle []byte) map[[sha256.Size]byte]bool {
	found := map[[sha256.Size]byte]bool{}
	for _, c := range Read(bundle) {
		found[sha256.Sum256(c.DER)] = true
	}
	return found
}
