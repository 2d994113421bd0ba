package apkfile

import (
	"archive/tar"
	"bytes"
	"crypto/sha1"
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
	"github.com/rules-apk/rules_apk/tools/internal/apk/lfs"
	"github.com/rules-apk/rules_apk/tools/internal/apk/tarend"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

const (
	digestPrefix   = "sha256:"
	checksumPrefix = "Q1"
	infoName       = ".PKGINFO"
)

// A Visitor is called for each entry of the data section, in order. It may read the entry's content, but not keep the
// reader. What it sees is verified only once Read has returned without an error.
type Visitor func(h *tar.Header, content io.Reader) error

// Read reads a package once, from beginning to end, and verifies it: trust vouches for the control section before it is
// parsed, and what that states for the data section. Memory does not grow with the size of the package, which is within
// the limits of this package (see maxControl and those after it). visit may be nil.
//
// A file of apk version 3 is an error that wraps adb.ErrVersion3; a truncated one is an error that wraps
// io.ErrUnexpectedEOF; see also ErrNoDatahash and ErrNoData.
func Read(r io.Reader, trust Trust, visit Visitor) (*File, error) {
	whole := sha256.New()
	rd := &reader{src: newSource(io.TeeReader(r, whole), io.Discard), trust: trust, file: &File{}}
	prefix, err := rd.src.peek(max(adb.PrefixLen, lfs.PrefixLen))
	if err != nil {
		return nil, err
	}
	if err := adb.Detect(prefix); err != nil {
		return nil, err
	}
	if err := lfs.Detect(prefix); err != nil {
		return nil, err
	}
	if err := rd.readHead(); err != nil {
		return nil, err
	}
	datahash, err := rd.file.datahash()
	if err != nil {
		return nil, err
	}
	if err := rd.readData(visit); errors.Is(err, ErrNoData) {
		return nil, err
	} else if err != nil {
		return nil, fmt.Errorf("package %s-%s: data section at offset %d: %w", rd.file.Info.Name(), rd.file.Info.Version(), rd.file.Data.Offset, err)
	}
	rd.file.Size = rd.src.offset()
	rd.file.SHA256 = digest(whole)
	if err := rd.file.verifyData(datahash); err != nil {
		return nil, err
	}
	if err := trust.verifyFile(rd.file); err != nil {
		return nil, err
	}
	return rd.file, nil
}

type reader struct {
	src   *source
	gz    *gzip.Reader
	trust Trust
	file  *File
}

// readHead reads the signature section, if there is one, and the control section.
func (r *reader) readHead() error {
	section, plain, err := r.readSection()
	if err != nil {
		return fmt.Errorf("first section: %w", err)
	}
	signed, err := apksign.IsSection(plain)
	if err != nil {
		return fmt.Errorf("first section: %w", err)
	}
	if signed {
		if r.file.Signatures, err = apksign.ReadSection(plain); err != nil {
			return fmt.Errorf("signature section: %w", err)
		}
		r.file.Signature = Section{Size: int64(len(section))}
		if section, _, err = r.readSection(); err != nil {
			return fmt.Errorf("control section at offset %d: %w", r.file.Signature.End(), err)
		}
	}
	if err := r.readControl(section); err != nil {
		return fmt.Errorf("control section (%d bytes at offset %d): %w", len(section), r.file.Signature.End(), err)
	}
	return nil
}

// readSection reads the gzip stream at the source's position: its bytes, and what they expand to.
func (r *reader) readSection() (section, plain []byte, err error) {
	var taken bytes.Buffer
	r.src.setSink(&taken)
	if err := r.openStream(); err != nil {
		return nil, nil, err
	}
	r.gz.Multistream(false)
	r.src.limit = r.src.offset() + maxControl
	plain, err = readPlain(r.gz)
	r.src.limit = 0
	if err != nil {
		return nil, nil, err
	}
	r.src.setSink(io.Discard)
	return taken.Bytes(), plain, nil
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

func (r *reader) readControl(section []byte) error {
	sum := sha1.Sum(section)
	r.file.Checksum = checksumPrefix + base64.StdEncoding.EncodeToString(sum[:])
	r.file.Control = Section{Offset: r.file.Signature.End(), Size: int64(len(section))}
	control, err := r.trust.verify(section, r.file)
	if err != nil {
		return err
	}
	r.file.Info, r.file.Scripts, err = parseControl(control)
	return err
}

func (r *reader) readData(visit Visitor) error {
	r.file.Data.Offset = r.file.Control.End()
	if end, err := r.src.atEnd(); err != nil || end {
		return errors.Join(err, ErrNoData)
	}
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
	if err := tarend.Check(content); err != nil {
		return err
	}
	r.src.flush()
	r.file.Data.Size = r.src.offset() - r.file.Data.Offset
	r.file.LayerDigest, r.file.DiffID = digest(layer), digest(diff)
	return nil
}

func walk(tr *tar.Reader, visit Visitor) error {
	var used budget
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := used.spend(h); err != nil {
			return err
		}
		if visit == nil {
			continue
		}
		if err := visit(h, tr); err != nil {
			var bad *imagepath.Error
			if errors.As(err, &bad) {
				return err // it shows the name, which is not to be printed as it is
			}
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
