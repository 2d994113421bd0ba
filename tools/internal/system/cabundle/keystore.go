package cabundle

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	keystore "github.com/pavlo-v-chernykh/keystore-go/v4"
	pkcs12 "software.sslmate.com/src/go-pkcs12"
)

// javaPassword is that of every Java runtime's cacerts; it protects nothing.
const javaPassword = "changeit"

// AppendJava returns Java's keystore of trusted authorities, in either of its formats (JKS or PKCS #12), with those of
// the certificates added that it does not have yet. created is the time that JKS states for each. In PKCS #12 all
// certificates get aliases of their subjects.
func AppendJava(store []byte, certificates []Certificate, created time.Time) ([]byte, error) {
	if len(store) > maxStore {
		return nil, fmt.Errorf("keystore: it has %d bytes, the limit is %d", len(store), maxStore)
	}
	if bytes.HasPrefix(store, []byte{0xfe, 0xed, 0xfe, 0xed}) {
		return appendJKS(store, certificates, created)
	}
	return appendPKCS12(store, certificates)
}

// NewJava returns a keystore of the certificates, as JKS: what p11-kit's `trust extract --format=java-cacerts` writes.
func NewJava(certificates []Certificate, created time.Time) ([]byte, error) {
	return storeJKS(keystore.New(keystore.WithOrderedAliases(), keystore.WithCaseExactAliases()), certificates, created)
}

// alias is the name of a certificate in a keystore: what its subject is called, and, for there are several of one name,
// the beginning of its digest. Java knows aliases in lower case only.
func alias(der []byte) string {
	sum := sha256.Sum256(der)
	name := "certificate"
	if c, err := x509.ParseCertificate(der); err == nil {
		for _, part := range append([]string{c.Subject.CommonName}, append(c.Subject.OrganizationalUnit, c.Subject.Organization...)...) {
			if part = strings.Join(strings.FieldsFunc(strings.ToLower(part), notInAlias), "-"); part != "" {
				name = part
				break
			}
		}
	}
	return fmt.Sprintf("%s-%x", name, sum[:8])
}

func notInAlias(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }

func appendJKS(store []byte, certificates []Certificate, created time.Time) ([]byte, error) {
	if err := checkJKS(store); err != nil {
		return nil, fmt.Errorf("keystore: %w", err)
	}
	ks := keystore.New(keystore.WithOrderedAliases(), keystore.WithCaseExactAliases())
	if err := ks.Load(bytes.NewReader(store), []byte(javaPassword)); err != nil {
		return nil, fmt.Errorf("keystore: %w", err)
	}
	return storeJKS(ks, certificates, created)
}

// storeJKS adds those of the certificates that the keystore does not have yet, and returns it.
func storeJKS(ks keystore.KeyStore, certificates []Certificate, created time.Time) ([]byte, error) {
	have := map[string]bool{}
	for _, name := range ks.Aliases() {
		if e, err := ks.GetTrustedCertificateEntry(name); err == nil {
			have[string(e.Certificate.Content)] = true
		}
	}
	for _, c := range certificates {
		if have[string(c.DER)] {
			continue
		}
		entry := keystore.TrustedCertificateEntry{CreationTime: created, Certificate: keystore.Certificate{Type: "X.509", Content: c.DER}}
		if err := ks.SetTrustedCertificateEntry(alias(c.DER), entry); err != nil {
			return nil, fmt.Errorf("keystore: certificate %s: %w", c.Name, err)
		}
	}
	var out bytes.Buffer
	if err := ks.Store(&out, []byte(javaPassword)); err != nil {
		return nil, fmt.Errorf("keystore: %w", err)
	}
	return out.Bytes(), nil
}

func appendPKCS12(store []byte, certificates []Certificate) ([]byte, error) {
	if err := checkPKCS12(store); err != nil {
		return nil, fmt.Errorf("keystore: %w", err)
	}
	trusted, err := decodePKCS12(store, "")
	if err != nil {
		if trusted, err = decodePKCS12(store, javaPassword); err != nil {
			return nil, fmt.Errorf("keystore: it is neither JKS nor PKCS #12 with the usual password: %w", err)
		}
	}
	have := map[string]bool{}
	for _, c := range trusted {
		have[string(c.Raw)] = true
	}
	for _, c := range certificates {
		if have[string(c.DER)] {
			continue
		}
		parsed, err := x509.ParseCertificate(c.DER)
		if err != nil {
			return nil, fmt.Errorf("keystore: certificate %s: %w", c.Name, err)
		}
		have[string(c.DER)] = true
		trusted = append(trusted, parsed)
	}
	entries := make([]pkcs12.TrustStoreEntry, len(trusted))
	for i, c := range trusted {
		entries[i] = pkcs12.TrustStoreEntry{Cert: c, FriendlyName: alias(c.Raw)}
	}
	// Without a password there is no salt, so that the same certificates give the same bytes; Java 18 and later write
	// it so.
	out, err := pkcs12.Passwordless.EncodeTrustStoreEntries(entries, "")
	if err != nil {
		return nil, fmt.Errorf("keystore: %w", err)
	}
	return out, nil
}

// decodePKCS12 reads a keystore. The library panics over one whose ciphers have parameters of a wrong size.
func decodePKCS12(store []byte, password string) (trusted []*x509.Certificate, err error) {
	defer func() {
		if r := recover(); r != nil {
			trusted, err = nil, fmt.Errorf("damaged: %v", r)
		}
	}()
	return pkcs12.DecodeTrustStore(store, password)
}
