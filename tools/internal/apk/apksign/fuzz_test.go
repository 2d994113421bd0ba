package apksign_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/test/realpackages"
)

// FuzzVerifyArchive changes a signed archive: whatever verifies is, byte for byte, what was signed.
func FuzzVerifyArchive(f *testing.F) {
	private, public := newKey(f)
	var ring apksign.Keyring
	if err := ring.Add("k.rsa.pub", mine(public)); err != nil {
		f.Fatal(err)
	}
	plain := archive(f)
	for _, alg := range []apksign.Algorithm{apksign.RSASHA1, apksign.RSASHA256, apksign.RSASHA512} {
		f.Add(sign(f, private, "k.rsa.pub", alg, plain))
	}
	f.Add(plain)
	f.Add([]byte("ADB.x"))
	f.Fuzz(func(t *testing.T, file []byte) {
		_, signed, err := ring.VerifyArchive(file)
		if err == nil && signed.String() != string(plain) {
			t.Errorf("%x was verified, %x was signed", signed, plain)
		}
	})
}

// FuzzKey reads public keys, of which the real ones are seeds where they are at hand.
func FuzzKey(f *testing.F) {
	_, public := newKey(f)
	f.Add(public)
	for _, path := range realpackages.Files(f, "keys/*.pub", 10_000) {
		content, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		var ring apksign.Keyring
		err := ring.Add("k.rsa.pub", mine(bytes.Clone(file)))
		fingerprint, other := apksign.FingerprintOf(file)
		if (err == nil) != (other == nil) || err == nil && ring.Fingerprint("k.rsa.pub") != fingerprint {
			t.Errorf("%v, %v", err, other)
		}
	})
}
