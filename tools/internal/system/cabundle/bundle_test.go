package cabundle

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	keystore "github.com/pavlo-v-chernykh/keystore-go/v4"
	pkcs12 "software.sslmate.com/src/go-pkcs12"
)

// authority makes a certificate, in PEM.
func authority(t *testing.T, name string) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Unix(1<<32, 0), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func TestAppend(t *testing.T) {
	old, added := authority(t, "old"), authority(t, "added")
	certificates, err := Parse("a.pem", append(append([]byte("# both\n"), old...), added...))
	if err != nil || len(certificates) != 2 {
		t.Fatalf("%d certificates, %v, want 2", len(certificates), err)
	}
	bundle, err := Append(append([]byte("# comment\n"), bytes.TrimSuffix(old, []byte("\n"))...), certificates)
	if err != nil {
		t.Fatal(err)
	}
	if want := "# comment\n" + string(old) + string(added); string(bundle) != want {
		t.Errorf("bundle is\n%s\nwant\n%s", bundle, want)
	}
	if again, err := Append(bundle, certificates); err != nil || !bytes.Equal(again, bundle) {
		t.Error("adding what is there changes the bundle")
	}
	cut := []byte("-----BEGIN CERTIFICATE-----\nmm\xe6\xe6\xe6\xe6\xe6\xe6\xe6\xe6\xc8:r\xd4@\x00\x00\x00\u03a2ND C+\x96\xe9\xff\xff\n-----END :")
	if out, err := Append(cut, certificates); err == nil || !strings.Contains(err.Error(), "ends in the middle of a PEM block") {
		t.Errorf("a bundle that hides what follows it became %q, %v", out, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":        "no PEM block",
		"garbage": "no PEM block",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n": `has a PEM block "PRIVATE KEY"`,
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n": "certificate x.pem: x509",
	} {
		if _, err := Parse("x.pem", []byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q): error %v, want %q", in, err, want)
		}
	}
}

func TestAlias(t *testing.T) {
	certificates, err := Parse("a.pem", append(authority(t, "ISRG Root X1"), authority(t, "Löwe & Co.")...))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{`^isrg-root-x1-[0-9a-f]{16}$`, `^l-we-co-[0-9a-f]{16}$`} {
		if got := alias(certificates[i].DER); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("alias is %q, want %s", got, want)
		}
	}
	if got := alias([]byte("none")); !strings.HasPrefix(got, "certificate-") {
		t.Errorf("alias is %q, want one without a name", got)
	}
}

func TestAppendJava(t *testing.T) {
	old, err := Parse("old.pem", authority(t, "old"))
	if err != nil {
		t.Fatal(err)
	}
	added, err := Parse("added.pem", authority(t, "added"))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(old[0].DER)
	if err != nil {
		t.Fatal(err)
	}
	created := time.Unix(1000, 0)
	var jks bytes.Buffer
	ks := keystore.New()
	if err := ks.SetTrustedCertificateEntry("old", keystore.TrustedCertificateEntry{CreationTime: created, Certificate: keystore.Certificate{Type: "X.509", Content: old[0].DER}}); err != nil {
		t.Fatal(err)
	}
	if err := ks.Store(&jks, []byte("changeit")); err != nil {
		t.Fatal(err)
	}
	p12, err := pkcs12.Modern.EncodeTrustStore([]*x509.Certificate{parsed}, "changeit")
	if err != nil {
		t.Fatal(err)
	}
	both := append(old, added...)
	for name, store := range map[string][]byte{"JKS": jks.Bytes(), "PKCS #12": p12} {
		out, err := AppendJava(store, both, created)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if again, err := AppendJava(store, both, created); err != nil || !bytes.Equal(again, out) {
			t.Errorf("%s: two runs give different bytes (%v)", name, err)
		}
		if got := count(t, out); got != 2 {
			t.Errorf("%s: %d certificates, want 2", name, got)
		}
		keytool(t, name, out, both)
	}
	fresh, err := NewJava(both, created)
	if err != nil {
		t.Fatal(err)
	}
	keytool(t, "a new one", fresh, both)
	if _, err := AppendJava([]byte("garbage"), both, created); err == nil || !strings.Contains(err.Error(), "neither JKS nor PKCS #12") {
		t.Errorf("error is %v, want one about the format", err)
	}
}

func count(t *testing.T, store []byte) int {
	t.Helper()
	if trusted, err := pkcs12.DecodeTrustStore(store, ""); err == nil {
		return len(trusted)
	}
	ks := keystore.New()
	if err := ks.Load(bytes.NewReader(store), []byte("changeit")); err != nil {
		t.Fatal(err)
	}
	return len(ks.Aliases())
}

// keytool lists a keystore with Java's own program, which must find just those certificates.
func keytool(t *testing.T, name string, store []byte, want []Certificate) {
	t.Helper()
	program, err := exec.LookPath("keytool")
	if err != nil {
		t.Log("no keytool here to read keystores with")
		return
	}
	file := filepath.Join(t.TempDir(), "cacerts")
	if err := os.WriteFile(file, store, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, "-J-Duser.language=en", "-list", "-keystore", file, "-storepass", javaPassword).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	if got := strings.Count(string(out), "trustedCertEntry"); got != len(want) {
		t.Errorf("%s: keytool lists %d trusted certificates, want %d:\n%s", name, got, len(want), out)
	}
	for _, c := range want {
		if fingerprint := fmt.Sprintf("% X", sha256.Sum256(c.DER)); !strings.Contains(string(out), strings.ReplaceAll(fingerprint, " ", ":")) {
			t.Errorf("%s: keytool does not list %s:\n%s", name, fingerprint, out)
		}
	}
}

// A keystore is a package's: what it states of itself must not take memory or time that its size does not.
func TestKeystoresThatOverstate(t *testing.T) {
	pfx := func(iterations int) []byte {
		out, err := pkcs12.LegacyRC2.WithIterations(iterations).EncodeTrustStore(nil, "changeit")
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	few := pfx(1 << 16)
	// Only the number is changed, for to make such a file would take as long as to read it.
	many := bytes.ReplaceAll(few, []byte{2, 3, 1, 0, 0}, []byte{2, 3, 0x7f, 0xff, 0xff})
	if bytes.Equal(few, many) {
		t.Fatal("the number of iterations is not found")
	}
	for name, c := range map[string]struct {
		store []byte
		want  string
	}{
		"2^32-1 entries":     {append([]byte{0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff}, make([]byte, 23)...), "it states to have 4294967295 entries, but 23 bytes are left"},
		"a long certificate": {append([]byte{0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}, make([]byte, 20)...), "a certificate should have 4294967295 bytes, but 20 are left"},
		"a long chain":       {append([]byte{0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}, make([]byte, 20)...), "it states to have 4294967295 certificates of a chain, but 20 bytes are left"},
		"8 million rounds":   {many, "iterations of hashing, the limit is 1000000"},
		"2^31-1 rounds":      {[]byte{0x30, 10, 4, 2, 1, 2, 2, 4, 0x7f, 0xff, 0xff, 0xff}, "its keys take 2147483647 iterations of hashing, the limit is 1000000"},
		"nested a hundred":   {nested(100), "its values are nested deeper than 32 levels, the limit"},
		"too large":          {make([]byte, maxStore+1), "the limit is 16777216"},
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			if _, err := AppendJava(c.store, nil, begin); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
			if took := time.Since(begin); took > time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
	if _, err := AppendJava(few, nil, time.Now()); err != nil {
		t.Errorf("a keystore with 65536 iterations: %v", err)
	}
}

// nested makes sequences in each other.
func nested(depth int) []byte {
	var out []byte
	for range depth {
		out = append([]byte{0x30, 0x82, byte(len(out) >> 8), byte(len(out))}, out...)
	}
	return out
}

func BenchmarkIterations(b *testing.B) {
	for _, n := range []int{30_000, 60_000, 120_000} {
		store, err := pkcs12.LegacyRC2.WithIterations(n).EncodeTrustStore(nil, "changeit")
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if _, err := AppendJava(store, nil, time.Now()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
