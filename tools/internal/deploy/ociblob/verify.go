package ociblob

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// CorruptError says that a source does not have the bytes of the blob that it was believed to have.
type CorruptError struct {
	Blob    string // name or digest
	Source  string // file, URL or repository
	Problem string
	Remote  bool // another try, or another source, may give the right bytes
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("layer %s: %s %s", e.Blob, e.Source, e.Problem)
}

// Hint says what to do.
func (e *CorruptError) Hint() string {
	if e.Remote {
		return "the server or mirror has other content than was locked; ask its owner, or update the lock"
	}
	return "the file changed or was cut off after it was built; build again"
}

// Passing tells whether trying again may help.
func (e *CorruptError) Passing() bool { return e.Remote }

// verifier passes on exactly the bytes that its blob has. It hashes them on the way and keeps the last ones back until
// the digest is known to be right, so that who reads from it never has all of a wrong blob.
type verifier struct {
	io.Closer
	from   io.Reader
	want   v1.Hash
	size   int64
	left   int64
	hash   hash.Hash
	passed bool
	err    func(problem string) error
}

func verify(r io.ReadCloser, want v1.Descriptor, err func(problem string) error) *verifier {
	return &verifier{Closer: r, from: r, want: want.Digest, size: want.Size, left: want.Size, hash: sha256.New(), err: err}
}

func (v *verifier) Read(p []byte) (int, error) {
	if v.left == 0 {
		if err := v.check(); err != nil {
			return 0, err
		}
		return 0, io.EOF
	}
	if int64(len(p)) > v.left {
		p = p[:v.left]
	}
	n, err := v.from.Read(p)
	v.hash.Write(p[:n])
	v.left -= int64(n)
	if v.left == 0 {
		if err := v.check(); err != nil {
			return 0, err
		}
		return n, nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return n, v.err(fmt.Sprintf("ends after %d of the layer's %d bytes", v.size-v.left, v.size))
	}
	return n, err
}

func (v *verifier) check() error {
	if v.passed {
		return nil
	}
	if got := hex.EncodeToString(v.hash.Sum(nil)); got != v.want.Hex {
		return v.err(fmt.Sprintf("has sha256:%s, want %s", got, v.want))
	}
	v.passed = true
	return nil
}
