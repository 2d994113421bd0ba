package apkfacts

import (
	"archive/tar"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
)

const (
	checksumRecord = "APK-TOOLS.checksum.SHA1"
	xattrPrefix    = "SCHILY.xattr."
)

// Extract reads a package file once and returns its facts and what apkfile found out about the file.
//
// trust says what vouches for the package. Everything that it states of itself is checked, too: its datahash and the
// checksum of each of its files. Memory is bounded whatever the size of the package, except that entries are held.
func Extract(r io.Reader, trust apkfile.Trust) (*Facts, *apkfile.File, error) {
	x := &extractor{stated: map[imagepath.Path]string{}}
	file, err := apkfile.Read(r, trust, x.visit)
	if err != nil {
		return nil, nil, err
	}
	if x.wrong != nil {
		return nil, nil, x.wrong
	}
	name := file.Info.Name() + "-" + file.Info.Version()
	digest, err := v1.NewHash(file.LayerDigest)
	if err != nil {
		return nil, nil, err
	}
	diffID, err := v1.NewHash(file.DiffID)
	if err != nil {
		return nil, nil, err
	}
	facts := &Facts{
		Format:   Format,
		Name:     file.Info.Name(),
		Version:  file.Info.Version(),
		Arch:     file.Info.Arch(),
		Size:     file.Size,
		Checksum: file.Checksum,
		Layer: ocilayer.Descriptor{
			MediaType: types.OCILayer,
			Digest:    digest,
			Size:      file.Data.Size,
			DiffID:    diffID,
			Offset:    file.Data.Offset,
			Name:      name,
		},
		Info:    Info(file.Info),
		Entries: x.entries,
	}
	for name, text := range file.Scripts {
		if facts.Scripts == nil {
			facts.Scripts = map[string]string{}
		}
		facts.Scripts[name] = string(text)
	}
	facts.dropApplets()
	return facts, file, nil
}

type extractor struct {
	reader
	entries []Entry
	kept    int64                     // bytes of the contents that entries have
	stated  map[imagepath.Path]string // checksums by path, for hard links
	sum     hash.Hash
	wrong   *WrongChecksum // the first
}

// WrongChecksum says that an undamaged package states a wrong checksum of one of its files.
type WrongChecksum struct {
	Path, Got, Stated string
}

func (e *WrongChecksum) Error() string {
	return fmt.Sprintf("%s: checksum is %s, but the package states %s (%s): the package is as it was built, and was built wrong; getting it again does not help: take another version, or tell who built it", e.Path, e.Got, e.Stated, checksumRecord)
}

func (x *extractor) visit(h *tar.Header, content io.Reader) error {
	e, err := x.entry(h)
	if err != nil {
		return err
	}
	stated, err := statedChecksum(h)
	if err != nil {
		return err
	}
	switch e.Type {
	case File:
		if err := x.readFile(&e, content); err != nil {
			return err
		}
	case Symlink:
		sum := sha1.Sum([]byte(e.Link))
		e.Checksum = checksum(sum[:])
	case Hardlink:
		if stated == "" {
			// apk copies what it knows of the other name.
			stated = x.stated[e.File]
		}
		e.Checksum = stated
	}
	if stated != "" && e.Checksum != "" && stated != e.Checksum {
		// A damaged package is told by its datahash, at its end.
		if x.wrong == nil {
			x.wrong = &WrongChecksum{Path: e.Path.String(), Got: e.Checksum, Stated: stated}
		}
	}
	e.Unstated = stated == "" && e.Type != Dir
	x.stated[e.Path] = stated
	x.entries = append(x.entries, e)
	return nil
}

// readFile takes the checksum of a file's content, and what else is worth having.
func (x *extractor) readFile(e *Entry, content io.Reader) error {
	if x.sum == nil {
		x.sum = sha1.New()
	}
	x.sum.Reset()
	content = io.TeeReader(content, x.sum)
	switch {
	case keepContent(e.Path, e.Size):
		if x.kept += e.Size; x.kept > maxKept {
			return fmt.Errorf("this and the files before it that images need the content of have more than %d bytes, the limit", int64(maxKept))
		}
		data, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		e.Content = data
	case maybeBusybox(e.Path, e.Size):
		data, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		e.Applets = applets(data)
	case maybeLibrary(e.Path):
		library, err := readLibrary(content, e.Size)
		if err != nil {
			return err
		}
		e.Library = library
	}
	if _, err := io.Copy(io.Discard, content); err != nil {
		return err
	}
	e.Checksum = checksum(x.sum.Sum(nil))
	return nil
}

// statedChecksum returns the checksum that the entry's PAX record states in hexadecimal, or "".
func statedChecksum(h *tar.Header) (string, error) {
	value, ok := h.PAXRecords[checksumRecord]
	if !ok {
		return "", nil
	}
	sum, err := hex.DecodeString(value)
	if err != nil || len(sum) != sha1.Size {
		return "", fmt.Errorf("%s is %q, want 40 hexadecimal digits", checksumRecord, value)
	}
	return checksum(sum), nil
}

func checksum(sha1Sum []byte) string {
	var b bytes.Buffer
	b.WriteString("Q1")
	b.WriteString(base64.StdEncoding.EncodeToString(sha1Sum))
	return b.String()
}
