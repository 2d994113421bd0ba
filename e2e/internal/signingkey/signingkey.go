// Package signingkey makes RSA keys for repositories that last as long as a test.
package signingkey

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
)

// Key is the pair of files of a key.
type Key struct {
	Private string // path of the private key
	Public  string // path of the public key, beside it
}

// Name is what packages and indexes call the key.
func (k Key) Name() string { return filepath.Base(k.Public) }

// Flags are those with which ocibuild signs a package or an index.
func (k Key) Flags() []string { return []string{"--key=" + k.Private, "--key-name=" + k.Name()} }

// Write makes a key: dir/name.rsa and dir/name.rsa.pub.
func Write(dir, name string) (Key, error) {
	k := Key{Private: filepath.Join(dir, name+".rsa"), Public: filepath.Join(dir, name+".rsa.pub")}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return k, err
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return k, err
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return k, errors.Join(
		os.WriteFile(k.Private, private, 0o600),
		os.WriteFile(k.Public, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), 0o644),
	)
}
