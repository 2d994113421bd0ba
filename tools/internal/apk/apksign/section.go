package apksign

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/rules-apk/rules_apk/tools/internal/apk/adb"
	"github.com/rules-apk/rules_apk/tools/internal/apk/lfs"
	"github.com/rules-apk/rules_apk/tools/internal/compressor"
	"github.com/rules-apk/rules_apk/tools/internal/verified"
)

// The limits of a signature section. Those that builders make have one or two signatures.
const (
	maxSection    = 128 << 10 // bytes, uncompressed
	maxSignatures = 32
	// maxSignature bounds a signature file: that of a 32768-bit RSA key has 4096 bytes.
	maxSignature = 4096
)

// ReadSection reads a signature section out of its tar, whole and uncompressed. Signatures of unknown algorithms are
// left out.
//
// Nothing vouches for this part of a file, so nothing may hide in it: as apk does, it takes signature files and not
// even an end of the archive after them.
func ReadSection(plain []byte) ([]Signature, error) {
	if len(plain) > maxSection {
		return nil, fmt.Errorf("more than %d bytes, want at most that for signatures: %w", maxSection, ErrUnsignedPart)
	}
	var sigs []Signature
	r := bytes.NewReader(plain)
	tr := tar.NewReader(r)
	end := 0 // of the last file and its padding
	for count := 0; ; count++ {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if count == maxSignatures {
			return nil, fmt.Errorf("more than %d files, want at most that many signatures: %w", maxSignatures, ErrUnsignedPart)
		}
		sig, ok, err := readFile(h, tr)
		if err != nil {
			return nil, err
		}
		if ok {
			sigs = append(sigs, sig)
		}
		const block = 512
		end = (len(plain) - r.Len() + block - 1) / block * block
	}
	if end != len(plain) {
		return nil, fmt.Errorf("%d bytes after the last signature, want none: %w (apk calls this a BAD archive)", len(plain)-end, ErrUnsignedPart)
	}
	return sigs, nil
}

// readFile reads one file of a signature section. It is not ok if the algorithm is unknown.
func readFile(h *tar.Header, r io.Reader) (sig Signature, ok bool, err error) {
	if !IsFileName(h.Name) {
		return Signature{}, false, fmt.Errorf("it holds %.100q, want .SIGN.<algorithm>.<key> only: %w", h.Name, ErrUnsignedPart)
	}
	if strings.Contains(h.Name, "/") {
		return Signature{}, false, fmt.Errorf("it holds %.100q, want the name of a key's file without a slash: %w", h.Name, ErrUnsignedPart)
	}
	if h.Typeflag != tar.TypeReg {
		return Signature{}, false, fmt.Errorf("%.100q is of type %q in the archive, want a file: %w", h.Name, h.Typeflag, ErrUnsignedPart)
	}
	if h.Size > maxSignature {
		return Signature{}, false, fmt.Errorf("signature file %.100q has %d bytes, want at most %d: %w", h.Name, h.Size, maxSignature, ErrUnsignedPart)
	}
	value, err := io.ReadAll(r)
	if err != nil {
		return Signature{}, false, fmt.Errorf("signature file %.100q: %w", h.Name, err)
	}
	alg, key, ok := ParseFileName(h.Name)
	return Signature{Algorithm: alg, Key: key, Value: value}, ok, nil
}

// IsSection reports whether a tar, whole or its beginning, is a signature section's.
func IsSection(plain []byte) (bool, error) {
	h, err := tar.NewReader(bytes.NewReader(plain)).Next()
	if err != nil {
		return false, unexpected(err)
	}
	return IsFileName(h.Name), nil
}

// WriteSection writes a gzip stream that holds the signatures, to be put in front of the signed bytes. modTime is in
// Unix seconds.
func WriteSection(w io.Writer, modTime int64, sigs ...Signature) error {
	gz, err := compressor.Gzip(w)
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

// Split takes a signed archive (an index) apart: its signatures, and the bytes after the signature section, which the
// signatures cover. An archive that does not begin with a signature section is returned whole, without signatures. An
// apk version 3 file is an error that wraps adb.ErrVersion3.
func Split(archive []byte) (sigs []Signature, signed []byte, err error) {
	if err := adb.Detect(archive); err != nil {
		return nil, nil, err
	}
	if err := lfs.Detect(archive); err != nil {
		return nil, nil, err
	}
	// A bytes.Reader is an io.ByteReader, so gzip stops exactly at the end of the first stream.
	r := bytes.NewReader(archive)
	gz, err := gzip.NewReader(r)
	if err != nil {
		return nil, nil, err
	}
	gz.Multistream(false)
	// The first stream of an unsigned archive is the index, as long as it may be: look at its beginning before reading
	// it.
	var plain bytes.Buffer
	limited := io.TeeReader(io.LimitReader(gz, maxSection+1), &plain)
	h, err := tar.NewReader(limited).Next()
	if err != nil {
		return nil, nil, fmt.Errorf("first file of the archive: %w", unexpected(err))
	}
	if !IsFileName(h.Name) {
		return nil, archive, nil
	}
	if _, err := io.Copy(io.Discard, limited); err != nil {
		return nil, nil, fmt.Errorf("signature section: %w", err)
	}
	sigs, err = ReadSection(plain.Bytes())
	if err != nil {
		return nil, nil, fmt.Errorf("signature section: %w", err)
	}
	signed = archive[len(archive)-r.Len():]
	return sigs, signed, oneSection(signed)
}

// oneSection refuses a second gzip stream of signatures. Who signed the first cannot have signed what it would be a
// part of.
func oneSection(signed []byte) error {
	gz, err := gzip.NewReader(bytes.NewReader(signed))
	if err != nil {
		return nil // The signature decides.
	}
	h, err := tar.NewReader(io.LimitReader(gz, maxSection)).Next()
	if err == nil && IsFileName(h.Name) {
		return fmt.Errorf("the signature section is followed by another, which holds %.100q, want one: %w", h.Name, ErrUnsignedPart)
	}
	return nil
}

// unexpected names the end of the file where more must come.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// VerifyArchive checks that a trusted key signed an archive (an index) and returns the key's name and the signed bytes,
// which are all that may be read of it.
func (k *Keyring) VerifyArchive(archive []byte) (key string, signed verified.Bytes, err error) {
	sigs, covered, err := Split(archive)
	if err != nil {
		return "", verified.Bytes{}, err
	}
	return k.Verify(sigs, covered)
}

// SignArchive writes a signature section and then the archive that it covers.
func (s *Signer) SignArchive(w io.Writer, modTime int64, archive []byte) error {
	sig, err := s.Sign(archive)
	if err != nil {
		return err
	}
	if err := WriteSection(w, modTime, sig); err != nil {
		return err
	}
	_, err = w.Write(archive)
	return err
}
