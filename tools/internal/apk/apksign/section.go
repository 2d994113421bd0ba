package apksign

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/rules-apk/rules_apk/tools/internal/apk/adb"
)

// maxSignature bounds a signature file: that of a 32768-bit RSA key has 4096
// bytes.
const maxSignature = 4096

// compression is the fixed gzip level of what this package writes.
const compression = 6

// ReadSection reads the tar of a signature section. Signatures of unknown
// algorithms are left out.
func ReadSection(tr *tar.Reader) ([]Signature, error) {
	var sigs []Signature
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return sigs, nil
		}
		if err != nil {
			return nil, err
		}
		sig, ok, err := ReadFile(h, tr)
		if err != nil {
			return nil, err
		}
		if ok {
			sigs = append(sigs, sig)
		}
	}
}

// ReadFile reads one file of a signature section. It is not ok if the
// algorithm is unknown.
func ReadFile(h *tar.Header, r io.Reader) (sig Signature, ok bool, err error) {
	if !IsFileName(h.Name) {
		return Signature{}, false, fmt.Errorf("signature section holds a file %q, want .SIGN.<algorithm>.<key> only", h.Name)
	}
	if h.Size > maxSignature {
		return Signature{}, false, fmt.Errorf("signature file %q has %d bytes, want at most %d", h.Name, h.Size, maxSignature)
	}
	alg, key, ok := ParseFileName(h.Name)
	if !ok {
		return Signature{}, false, nil
	}
	value, err := io.ReadAll(r)
	if err != nil {
		return Signature{}, false, err
	}
	return Signature{Algorithm: alg, Key: key, Value: value}, true, nil
}

// WriteSection writes a gzip stream that holds the signatures, to be put in
// front of the signed bytes. modTime is in Unix seconds.
func WriteSection(w io.Writer, modTime int64, sigs ...Signature) error {
	gz, err := gzip.NewWriterLevel(w, compression)
	if err != nil {
		return err
	}
	tw := tar.NewWriter(gz)
	for _, s := range sigs {
		h := &tar.Header{
			Typeflag: tar.TypeReg, Name: s.FileName(), Mode: 0o644, Size: int64(len(s.Value)),
			Uname: "root", Gname: "root", ModTime: time.Unix(modTime, 0),
		}
		if err := tw.WriteHeader(h); err != nil {
			return err
		}
		if _, err := tw.Write(s.Value); err != nil {
			return err
		}
	}
	// No end-of-archive blocks: apk reads all sections as one tar.
	if err := tw.Flush(); err != nil {
		return err
	}
	return gz.Close()
}

// Split takes a signed archive (an index) apart: its signatures, and the bytes
// after the signature section, which the signatures cover. An archive that
// does not begin with a signature section is returned whole, without
// signatures. An apk version 3 file is an error that wraps adb.ErrVersion3.
func Split(archive []byte) (sigs []Signature, signed []byte, err error) {
	if err := adb.Detect(archive); err != nil {
		return nil, nil, err
	}
	// A bytes.Reader is an io.ByteReader, so gzip stops exactly at the end of
	// the first stream.
	r := bytes.NewReader(archive)
	gz, err := gzip.NewReader(r)
	if err != nil {
		return nil, nil, err
	}
	gz.Multistream(false)
	tr := tar.NewReader(gz)
	h, err := tr.Next()
	if err != nil {
		return nil, nil, err
	}
	if !IsFileName(h.Name) {
		return nil, archive, nil
	}
	sig, ok, err := ReadFile(h, tr)
	if err != nil {
		return nil, nil, err
	}
	if ok {
		sigs = append(sigs, sig)
	}
	more, err := ReadSection(tr)
	if err != nil {
		return nil, nil, err
	}
	// The tar may end before its gzip stream does: read to the stream's end.
	if _, err := io.Copy(io.Discard, gz); err != nil {
		return nil, nil, err
	}
	return append(sigs, more...), archive[len(archive)-r.Len():], nil
}

// VerifyArchive checks that a trusted key signed an archive (an index) and
// returns the key's name and the signed bytes.
func (k *Keyring) VerifyArchive(archive []byte) (key string, signed []byte, err error) {
	sigs, signed, err := Split(archive)
	if err != nil {
		return "", nil, err
	}
	d := NewDigester()
	d.Write(signed)
	key, err = k.Verify(sigs, d.Sum())
	if err != nil {
		return "", nil, err
	}
	return key, signed, nil
}

// SignArchive writes a signature section and then the archive that it covers.
func (s *Signer) SignArchive(w io.Writer, modTime int64, archive []byte) error {
	d := NewDigester()
	d.Write(archive)
	sig, err := s.Sign(d.Sum())
	if err != nil {
		return err
	}
	if err := WriteSection(w, modTime, sig); err != nil {
		return err
	}
	_, err = w.Write(archive)
	return err
}
