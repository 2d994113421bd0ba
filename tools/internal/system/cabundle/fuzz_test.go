package cabundle

import (
	"bytes"
	"testing"
	"time"

	keystore "github.com/pavlo-v-chernykh/keystore-go/v4"
	pkcs12 "software.sslmate.com/src/go-pkcs12"
)

// A keystore that can be added to can be added to again, and is the same then.
func FuzzAppendJava(f *testing.F) {
	ks := keystore.New()
	if err := ks.SetTrustedCertificateEntry("a", keystore.TrustedCertificateEntry{CreationTime: time.Unix(1, 0), Certificate: keystore.Certificate{Type: "X.509", Content: []byte("x")}}); err != nil {
		f.Fatal(err)
	}
	var jks bytes.Buffer
	if err := ks.Store(&jks, []byte(javaPassword)); err != nil {
		f.Fatal(err)
	}
	f.Add(jks.Bytes())
	for _, encoder := range []*pkcs12.Encoder{pkcs12.LegacyRC2, pkcs12.LegacyDES, pkcs12.Modern2023, pkcs12.Passwordless} {
		password := javaPassword
		if encoder == pkcs12.Passwordless {
			password = ""
		}
		store, err := encoder.EncodeTrustStore(nil, password)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(store)
	}
	f.Add(nested(40))
	f.Fuzz(func(t *testing.T, store []byte) {
		created := time.Unix(1000, 0)
		out, err := AppendJava(store, nil, created)
		if err != nil {
			return
		}
		if again, err := AppendJava(out, nil, created); err != nil || !bytes.Equal(again, out) {
			t.Fatalf("the second time it is other bytes (%v)", err)
		}
	})
}

// A bundle keeps what it has, and has each added certificate once.
func FuzzAppend(f *testing.F) {
	f.Add([]byte("# a comment\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"), []byte("der"))
	f.Add([]byte("-----BEGIN -----BEGIN -----END"), []byte{})
	f.Fuzz(func(t *testing.T, bundle, der []byte) {
		added := []Certificate{{Name: "a", DER: der}, {Name: "b", DER: der}}
		out, err := Append(bundle, added)
		if err != nil {
			return
		}
		if !bytes.HasPrefix(out, bundle) {
			t.Fatalf("%q became %q", bundle, out)
		}
		if again, err := Append(out, added); err != nil || !bytes.Equal(again, out) {
			t.Fatalf("%q became %q (%v)", out, again, err)
		}
		Read(out)
	})
}
