package apkfile

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/rules-apk/rules_apk/tools/internal/apk/adb"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
)

const (
	digestPrefix   = "sha256:"
	checksumPrefix = "Q1"
	infoName       = ".PKGINFO"

	// maxControlFile bounds what is kept in memory of one control file.
	maxControlFile = 16 << 20
)

// A Visitor is called for each entry of the data section, in order. It may read
// the entry's content, but not keep the reader.
type Visitor func(h *tar.Header, content io.Reader) error

// Read reads a package once, from beginning to end, in constant memory. It
// computes every digest but verifies none. visit may be nil. A file of apk
// version 3 is an error that wraps adb.ErrVersion3; a truncated one is an error
// that wraps io.ErrUnexpectedEOF.
func Read(r io.Reader, visit Visitor) (*File, error) {
	whole := sha256.New()
	rd := &reader{src: newSource(io.TeeReader(r, whole), io.Discard), file: &File{}}
	prefix, err := rd.src.peek(adb.PrefixLen)
	if err != nil {
		return nil, err
	}
	if err := adb.Detect(prefix); err != nil {
		return nil, err
	}
	if err := rd.readHead(); err != nil {
		return nil, err
	}
	if err := rd.readData(visit); err != nil {
		return nil, fmt.Errorf("data section at offset %d: %w", rd.file.Data.Offset, err)
	}
	rd.file.Size = rd.src.offset()
	rd.file.SHA256 = digest(whole)
	return rd.file, nil
}

type reader struct {
	src  *source
	gz   *gzip.Reader
	file *File
}

// readHead reads the signature section, if there is one, and the control
// section.
func (r *reader) readHead() error {
	digester, tr, err := r.openSection()
	if err != nil {
		return fmt.Errorf("first section: %w", err)
	}
	h, err := tr.Next()
	if err != nil {
		return fmt.Errorf("first section: %w", unexpected(err))
	}
	if apksign.IsFileName(h.Name) {
		if err := r.readSignatures(tr, h); err != nil {
			return fmt.Errorf("signature section: %w", err)
		}
		if digester, tr, err = r.openSection(); err != nil {
			return fmt.Errorf("control section at offset %d: %w", r.file.Signature.End(), err)
		}
		if h, err = tr.Next(); err != nil {
			return fmt.Errorf("control section at offset %d: %w", r.file.Signature.End(), unexpected(err))
		}
	}
	if err := r.readControl(tr, h, digester); err != nil {
		return fmt.Errorf("control section at offset %d: %w", r.file.Signature.End(), err)
	}
	return nil
}

// openSection begins the gzip stream at the source's position.
func (r *reader) openSection() (*apksign.Digester, *tar.Reader, error) {
	digester := apksign.NewDigester()
	r.src.setSink(digester)
	if err := r.openStream(); err != nil {
		return nil, nil, err
	}
	r.gz.Multistream(false)
	return digester, tar.NewReader(r.gz), nil
}

func (r *reader) openStream() error {
	var err error
	if r.gz == nil {
		r.gz, err = gzip.NewReader(r.src)
	} else {
		err = r.gz.Reset(r.src)
	}
	if errors.Is(err, gzip.ErrHeader) {
		return fmt.Errorf("not a gzip stream (%w); want an apk version 2 package", err)
	}
	return unexpected(err)
}

// closeSection reads to the end of the gzip stream, which a tar reader does not
// where there are end-of-archive blocks, and flushes the section's sink.
func (r *reader) closeSection() error {
	if _, err := io.Copy(io.Discard, r.gz); err != nil {
		return err
	}
	r.src.flush()
	return nil
}

func (r *reader) readSignatures(tr *tar.Reader, first *tar.Header) error {
	sig, ok, err := apksign.ReadFile(first, tr)
	if err != nil {
		return err
	}
	more, err := apksign.ReadSection(tr)
	if err != nil {
		return err
	}
	if ok {
		r.file.Signatures = append(r.file.Signatures, sig)
	}
	r.file.Signatures = append(r.file.Signatures, more...)
	if err := r.closeSection(); err != nil {
		return err
	}
	r.file.Signature = Section{Size: r.src.offset()}
	return nil
}

func (r *reader) readControl(tr *tar.Reader, h *tar.Header, digester *apksign.Digester) error {
	r.file.Scripts = make(map[string][]byte)
	var info []byte
	for {
		if h.Typeflag == tar.TypeReg {
			content, err := readSmall(h, tr)
			if err != nil {
				return err
			}
			if h.Name == infoName {
				info = content
			} else {
				r.file.Scripts[h.Name] = content
			}
		}
		next, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		h = next
	}
	if err := r.closeSection(); err != nil {
		return err
	}
	start := r.file.Signature.End()
	r.file.Control = Section{Offset: start, Size: r.src.offset() - start}
	r.file.controlDigests = digester.Sum()
	r.file.Checksum = checksumPrefix + base64.StdEncoding.EncodeToString(r.file.controlDigests.SHA1)
	if info == nil {
		return fmt.Errorf("no %s in it; want an apk version 2 package", infoName)
	}
	var err error
	r.file.Info, err = ParseInfo(info)
	return err
}

func readSmall(h *tar.Header, r io.Reader) ([]byte, error) {
	if h.Size > maxControlFile {
		return nil, fmt.Errorf("%s has %d bytes, want at most %d", h.Name, h.Size, maxControlFile)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", h.Name, err)
	}
	return content, nil
}

func (r *reader) readData(visit Visitor) error {
	r.file.Data.Offset = r.file.Control.End()
	layer, diff := sha256.New(), sha256.New()
	r.src.setSink(layer)
	// The data section may be several gzip members: it ends with the file.
	if err := r.openStream(); err != nil {
		return err
	}
	r.gz.Multistream(true)
	content := io.TeeReader(r.gz, diff)
	if err := walk(tar.NewReader(content), visit); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, content); err != nil {
		return err
	}
	r.src.flush()
	r.file.Data.Size = r.src.offset() - r.file.Data.Offset
	r.file.LayerDigest, r.file.DiffID = digest(layer), digest(diff)
	return nil
}

func walk(tr *tar.Reader, visit Visitor) error {
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if visit == nil {
			continue
		}
		if err := visit(h, tr); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
}

func digest(h hash.Hash) string { return digestPrefix + hex.EncodeToString(h.Sum(nil)) }

// unexpected names the end of the file where more must come.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the file ends here: %w", io.ErrUnexpectedEOF)
	}
	return err
}
