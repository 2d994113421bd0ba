package apksign_test

import (
	"archive/tar"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/klauspost/compress/gzip"

	"github.com/rules-apk/rules_apk/tools/internal/apk/adb"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/verified"
)

func newKey(t testing.TB) (private, public []byte) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pkix, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return pemOf("PRIVATE KEY", pkcs8), pemOf("PUBLIC KEY", pkix)
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// mine are the bytes of a test's own key.
func mine(key []byte) verified.Bytes { return verified.Trust(key, "test") }

func archive(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	tw := tar.NewWriter(w)
	tw.WriteHeader(&tar.Header{Name: "APKINDEX", Mode: 0o644})
	tw.Close()
	w.Close()
	return b.Bytes()
}

func sign(t testing.TB, private []byte, name string, alg apksign.Algorithm, archive []byte) []byte {
	t.Helper()
	s, err := apksign.NewSigner(private, name, alg)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := s.SignArchive(&b, 0, archive); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestVerifyArchive(t *testing.T) {
	private, public := newKey(t)
	_, otherPublic := newKey(t)
	var ring, other, impostor apksign.Keyring
	for _, add := range []struct {
		ring *apksign.Keyring
		name string
		key  []byte
	}{{&ring, "k.rsa.pub", public}, {&other, "other.rsa.pub", otherPublic}, {&impostor, "k.rsa.pub", otherPublic}} {
		if err := add.ring.Add(add.name, mine(add.key)); err != nil {
			t.Fatal(err)
		}
	}
	plain := archive(t)
	for _, alg := range []apksign.Algorithm{apksign.RSASHA1, apksign.RSASHA256, apksign.RSASHA512} {
		signed := sign(t, private, "k.rsa.pub", alg, plain)
		if !bytes.Equal(signed, sign(t, private, "k.rsa.pub", alg, plain)) {
			t.Errorf("%s: signing twice gives other bytes", alg)
		}
		key, rest, err := ring.VerifyArchive(signed)
		if err != nil || key != "k.rsa.pub" || rest.String() != string(plain) || rest.By() != `key "k.rsa.pub"` {
			t.Errorf("%s: %q, %d bytes by %s, %v", alg, key, rest.Len(), rest.By(), err)
		}
		if _, _, err := other.VerifyArchive(signed); !errors.Is(err, apksign.ErrUnknownKey) {
			t.Errorf("%s: unknown key: %v", alg, err)
		}
		if _, _, err := impostor.VerifyArchive(signed); !errors.Is(err, apksign.ErrBad) {
			t.Errorf("%s: another key: %v", alg, err)
		}
		if _, _, err := ring.VerifyArchive(append(slices.Clone(signed), 0)); !errors.Is(err, apksign.ErrBad) {
			t.Errorf("%s: a byte more: %v", alg, err)
		}
	}
	if _, _, err := ring.VerifyArchive([]byte("ADB.xxxx")); !errors.Is(err, adb.ErrVersion3) {
		t.Errorf("version 3: %v", err)
	}
	if _, _, err := ring.VerifyArchive([]byte("<html>")); err == nil {
		t.Error("html: no error")
	}
	if _, _, err := ring.VerifyArchive(nil); err == nil {
		t.Error("nothing: no error")
	}
}

// One signature by a trusted key is enough, wherever it stands.
func TestVerifySeveral(t *testing.T) {
	private, public := newKey(t)
	strange, _ := newKey(t)
	var ring apksign.Keyring
	if err := ring.Add("k.rsa.pub", mine(public)); err != nil {
		t.Fatal(err)
	}
	data := []byte("signed")
	make := func(private []byte, name string, alg apksign.Algorithm) apksign.Signature {
		s, err := apksign.NewSigner(private, name, alg)
		if err != nil {
			t.Fatal(err)
		}
		sig, err := s.Sign(data)
		if err != nil {
			t.Fatal(err)
		}
		return sig
	}
	good := make(private, "k.rsa.pub", apksign.RSASHA256)
	bad := make(strange, "k.rsa.pub", apksign.RSASHA1)
	unknown := make(strange, "s.rsa.pub", apksign.RSASHA512)
	for _, tt := range []struct {
		name string
		sigs []apksign.Signature
		want error
	}{
		{"none", nil, apksign.ErrUnsigned},
		{"unknown", []apksign.Signature{unknown}, apksign.ErrUnknownKey},
		{"bad", []apksign.Signature{unknown, bad}, apksign.ErrBad},
		{"good last", []apksign.Signature{unknown, bad, good}, nil},
		{"good first", []apksign.Signature{good, bad, unknown}, nil},
	} {
		key, signed, err := ring.Verify(tt.sigs, data)
		if !errors.Is(err, tt.want) || (tt.want == nil) != (key == "k.rsa.pub") || (tt.want == nil) != (signed.String() == "signed") {
			t.Errorf("%s: %q, %v; want %v", tt.name, key, err, tt.want)
		}
	}
}

func TestParseFileName(t *testing.T) {
	for _, tt := range []struct {
		name, key string
		alg       apksign.Algorithm
		ok        bool
	}{
		{".SIGN.RSA.a@b.org-4a6a0840.rsa.pub", "a@b.org-4a6a0840.rsa.pub", apksign.RSASHA1, true},
		{".SIGN.RSA256.k.rsa.pub", "k.rsa.pub", apksign.RSASHA256, true},
		{".SIGN.RSA512.k.rsa.pub", "k.rsa.pub", apksign.RSASHA512, true},
		{".SIGN.DSA.k.pub", "", "", false},
		{".SIGN.RSA.", "", "", false},
		{".SIGN.RSA", "", "", false},
		{".PKGINFO", "", "", false},
	} {
		alg, key, ok := apksign.ParseFileName(tt.name)
		if alg != tt.alg || key != tt.key || ok != tt.ok {
			t.Errorf("%s: %q, %q, %v", tt.name, alg, key, ok)
		}
		if ok && (apksign.Signature{Algorithm: alg, Key: key}).FileName() != tt.name {
			t.Errorf("%s: FileName differs", tt.name)
		}
	}
}

func TestKeyringRefuses(t *testing.T) {
	_, public := newKey(t)
	_, other := newKey(t)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecPublic, err := x509.MarshalPKIXPublicKey(&ec.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	var ring apksign.Keyring
	if err := ring.Add("k.rsa.pub", mine(public)); err != nil {
		t.Fatal(err)
	}
	if err := ring.Add("k.rsa.pub", mine(public)); err != nil {
		t.Errorf("the same key again: %v", err)
	}
	for _, tt := range []struct {
		name string
		pem  []byte
		want string
	}{
		{"k.pub", public, `ends in ".rsa.pub"`},
		{"a/k.rsa.pub", public, "file name"},
		{"k.rsa.pub", other, "given twice"},
		{"x.rsa.pub", []byte("<html>"), "not a PEM file"},
		{"x.rsa.pub", pemOf("PUBLIC KEY", []byte("x")), "asn1"},
		{"x.rsa.pub", pemOf("PUBLIC KEY", ecPublic), "want an RSA public key"},
	} {
		if err := ring.Add(tt.name, mine(tt.pem)); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.name) {
			t.Errorf("%s: %v, want an error with %q", tt.name, err, tt.want)
		}
	}
	if err := ring.AddFS(fstest.MapFS{"README": {}}); err == nil || !strings.Contains(err.Error(), "no file named *.rsa.pub") {
		t.Errorf("folder without keys: %v", err)
	}
	if err := ring.AddFS(fstest.MapFS{"b.rsa.pub": {Data: other}, "a.rsa.pub": {Data: public}}); err != nil {
		t.Error(err)
	}
	if got, want := ring.Names(), []string{"a.rsa.pub", "b.rsa.pub", "k.rsa.pub"}; !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
}

func TestNewSignerRefuses(t *testing.T) {
	private, public := newKey(t)
	for _, tt := range []struct {
		pem  []byte
		name string
		alg  apksign.Algorithm
		want string
	}{
		{private, "k", apksign.RSASHA256, "ending in"},
		{private, "k.rsa.pub", "MD5", `algorithm is "MD5"`},
		{public, "k.rsa.pub", apksign.RSASHA256, "k.rsa.pub"},
		{nil, "k.rsa.pub", apksign.RSASHA256, "not a PEM file"},
	} {
		if _, err := apksign.NewSigner(tt.pem, tt.name, tt.alg); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q, %q: %v, want an error with %q", tt.name, tt.alg, err, tt.want)
		}
	}
}
