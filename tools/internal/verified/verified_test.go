package verified_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/verified"
)

const helloDigest = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

func TestDigest(t *testing.T) {
	data := []byte("hello")
	b, err := verified.Digest(data, helloDigest)
	if err != nil {
		t.Fatal(err)
	}
	data[0] = 'x'
	if b.String() != "hello" || b.Len() != 5 || b.By() != helloDigest || string(b.Copy()) != "hello" {
		t.Errorf("got %q by %s: verified bytes changed with the slice that they were made of", b, b.By())
	}
	var mismatch *verified.Mismatch
	if b, err := verified.Digest(data, helloDigest); !errors.As(err, &mismatch) || b.Len() != 0 {
		t.Errorf("other bytes: %v, %q", err, b)
	}
	for _, want := range []string{"", "sha256:", helloDigest[7:], strings.ToUpper(helloDigest), helloDigest + "00", "sha512:" + helloDigest[7:]} {
		if _, err := verified.Digest([]byte("hello"), want); !errors.Is(err, verified.ErrDigest) {
			t.Errorf("%q: %v", want, err)
		}
	}
}

func TestChecksum(t *testing.T) {
	if _, err := verified.Checksum([]byte("hello"), "Q1qvTGHdzF6KLavt4PO0gs2a6pQ00="); err != nil {
		t.Error(err)
	}
	var mismatch *verified.Mismatch
	for _, want := range []string{"", "Q1", "Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA="} {
		if _, err := verified.Checksum([]byte("hello"), want); !errors.As(err, &mismatch) {
			t.Errorf("%q: %v", want, err)
		}
	}
}

// endless never ends.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	return len(p), nil
}

func TestRead(t *testing.T) {
	if b, err := verified.Read(strings.NewReader("hello"), 5, helloDigest); err != nil || b.String() != "hello" {
		t.Errorf("%q, %v", b, err)
	}
	for _, tt := range []struct {
		in   io.Reader
		size int64
		want string
	}{
		{strings.NewReader("hello"), 6, "ends after 5 bytes"},
		{strings.NewReader("hello!"), 5, "more than 5 bytes"},
		{strings.NewReader("jello"), 5, "digest is sha256:"},
		{strings.NewReader("hello"), -1, "size is -1"},
		// The size is only believed as far as the bytes come.
		{strings.NewReader("hello"), 1 << 60, "ends after 5 bytes"},
	} {
		if _, err := verified.Read(tt.in, tt.size, helloDigest); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("size %d: %v, want an error with %q", tt.size, err, tt.want)
		}
	}
	e := &endless{}
	if _, err := verified.Read(e, 1000, helloDigest); err == nil || e.read > 4096 {
		t.Errorf("endless: %v after %d bytes", err, e.read)
	}
}

func TestSignature(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("hello"))
	sig, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	if b, err := verified.Signature([]byte("hello"), &key.PublicKey, crypto.SHA256, sig, "me"); err != nil || b.String() != "hello" || b.By() != "me" {
		t.Errorf("%q by %q, %v", b, b.By(), err)
	}
	if _, err := verified.Signature([]byte("jello"), &key.PublicKey, crypto.SHA256, sig, "me"); err == nil {
		t.Error("other bytes: no error")
	}
}

// Whoever calls Trust is a hole in what the type promises, so each is listed here with its reason.
func TestWhoTrusts(t *testing.T) {
	allowed := []string{
		"tools/internal/apk/apkfile/trust.go",   // a package that the build that reads it has made
		"tools/internal/apk/apksign/keyring.go", // the files of a folder that the user named
		"tools/internal/lock/apkrepo/keyring.go",
		"tools/internal/oci/ocidoc/ocidoc.go",       // the manifest of an image that the build that reads it has made
		"tools/internal/oci/ocilayout/ocilayout.go", // index.json of a layout, which no digest leads to
	}
	root := filepath.Join("..", "..", "..")
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Skipf("the whole source is not here; run go test: %v", err)
	}
	var callers []string
	err := filepath.WalkDir(filepath.Join(root, "tools"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "Trust" {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "verified" {
					rel, _ := filepath.Rel(root, path)
					callers = append(callers, filepath.ToSlash(rel))
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range callers {
		if !slices.Contains(allowed, c) {
			t.Errorf("%s calls verified.Trust; verify by digest or signature instead, or give the reason in this test", c)
		}
	}
}

func FuzzDigest(f *testing.F) {
	f.Add([]byte("hello"), helloDigest)
	f.Fuzz(func(t *testing.T, data []byte, want string) {
		b, err := verified.Digest(data, want)
		if (err == nil) != (verified.DigestOf(data) == want) || err == nil && !bytes.Equal(b.Copy(), data) {
			t.Errorf("%q against %q: %v", data, want, err)
		}
	})
}
