package ocilayer

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// Describe reads a layer that exists, a tar that may be compressed with gzip or zstd, and returns its descriptor. What
// is no whole tar, or cannot be unpacked, is an error.
func Describe(r io.Reader, name string) (Descriptor, error) {
	digest, diffID := sha256.New(), sha256.New()
	var size counter
	in := bufio.NewReader(io.TeeReader(r, io.MultiWriter(digest, &size)))
	media, content, err := decompress(in)
	if err != nil {
		return Descriptor{}, err
	}
	defer content.Close()
	if err := check(io.TeeReader(content, diffID)); err != nil {
		return Descriptor{}, err
	}
	// The end of the tar may come before that of the stream, and that before the file's: what follows counts for
	// digests.
	for _, part := range []struct {
		to   io.Writer
		from io.Reader
	}{{diffID, content}, {io.Discard, in}} {
		if _, err := io.Copy(part.to, part.from); err != nil {
			return Descriptor{}, fmt.Errorf("reading to the end: %w", err)
		}
	}
	return Descriptor{MediaType: media, Digest: sum(digest), Size: int64(size), DiffID: sum(diffID), Name: name}, nil
}

// decompress returns the media type of a layer, told from its first bytes, and its tar.
func decompress(in *bufio.Reader) (types.MediaType, io.ReadCloser, error) {
	magic, err := in.Peek(6)
	if err != nil && len(magic) == 0 {
		return "", nil, fmt.Errorf("it is empty, want a tar")
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := newMembers(in)
		return types.OCILayer, z, err
	case isZstd(magic):
		// A window of this size is what zstd itself decompresses without being asked to.
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return "", nil, err
		}
		return types.OCILayerZStd, z.IOReadCloser(), nil
	}
	for format, start := range map[string]string{
		"compressed with xz": "\xfd7zXZ\x00", "compressed with bzip2": "BZh", "compressed with lz4": "\x04\x22\x4d\x18",
		"compressed with LZMA": "\x5d\x00\x00", "a zip archive, as jars are": "PK", "an ar archive, as Debian's packages are": "!<arch>",
	} {
		if bytes.HasPrefix(magic, []byte(start[:min(len(start), len(magic))])) && len(magic) >= 2 {
			return "", nil, fmt.Errorf("it is %s, want a tar as it is or compressed with gzip or zstd", format)
		}
	}
	return types.OCIUncompressedLayer, io.NopCloser(in), nil
}

// isZstd says whether a stream begins with a frame of zstd: one with data, or one to be skipped.
func isZstd(magic []byte) bool {
	if len(magic) < 4 {
		return false
	}
	return bytes.Equal(magic[:4], []byte{0x28, 0xb5, 0x2f, 0xfd}) || magic[0]&0xf0 == 0x50 && bytes.Equal(magic[1:4], []byte{0x2a, 0x4d, 0x18})
}

// members reads the members of a gzip file and, as gzip does, takes zeros after the last one for padding.
type members struct {
	in  *bufio.Reader
	zip *gzip.Reader
}

func newMembers(in *bufio.Reader) (*members, error) {
	zip, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	zip.Multistream(false)
	return &members{in, zip}, nil
}

func (m *members) Read(p []byte) (int, error) {
	for {
		n, err := m.zip.Read(p)
		if n > 0 || err == nil {
			return n, nil
		}
		if !errors.Is(err, io.EOF) {
			return 0, fmt.Errorf("gzip: %w", err)
		}
		if err := m.next(); err != nil {
			return 0, err
		}
	}
}

// next goes to the next member. It returns io.EOF if there is none.
func (m *members) next() error {
	for padding := 0; ; padding++ {
		b, err := m.in.ReadByte()
		if err != nil {
			return err
		}
		if b == 0 {
			continue
		}
		if padding > 0 {
			return fmt.Errorf("gzip: there is more after the zeros at the end")
		}
		if err := m.in.UnreadByte(); err != nil {
			return err
		}
		if err := m.zip.Reset(m.in); err != nil {
			return fmt.Errorf("gzip: what follows the compressed data is none: %w", err)
		}
		m.zip.Multistream(false)
		return nil
	}
}

func (m *members) Close() error { return m.zip.Close() }

// zeros counts those at the end of what is written.
type zeros int64

func (z *zeros) Write(p []byte) (int, error) {
	n := len(bytes.TrimRight(p, "\x00"))
	if n > 0 {
		*z = 0
	}
	*z += zeros(len(p) - n)
	return len(p), nil
}

// check reads a tar to its end and fails if it is not whole or cannot be unpacked.
func check(r io.Reader) error {
	var end zeros
	archive := tar.NewReader(io.TeeReader(r, &end))
	var files paths
	for last := ""; ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && last == "" {
			return fmt.Errorf("it is no tar: %w", err)
		}
		if err != nil {
			return fmt.Errorf("its tar is cut short or damaged in or after %s: %w", last, err)
		}
		last = header.Name
		if err := files.add(header); err != nil {
			return err
		}
		// Next passes over the content. To read it would be to read the holes of a sparse file, which may be as large
		// as can be.
	}
	const block = 512
	if end < block {
		return fmt.Errorf("its tar lacks the empty blocks at the end: it is cut short")
	}
	return nil
}

// paths remembers which of a layer's paths are files.
type paths struct{ files map[imagepath.Path]bool }

// add fails if an entry has a name that an image cannot have, or lies below a file.
func (p *paths) add(h *tar.Header) error {
	path, kind, err := imagepath.FromLayer(h.Name)
	if err == nil && h.Typeflag == tar.TypeLink {
		_, _, err = imagepath.FromLayer(h.Linkname)
	}
	if err != nil {
		return err
	}
	if kind != imagepath.Present || path.IsRoot() {
		return nil
	}
	for above := path.Parent(); !above.IsRoot(); above = above.Parent() {
		if p.files[above] {
			return fmt.Errorf("%s lies below %s, which is a file in the same tar", path.Absolute(), above.Absolute())
		}
	}
	if h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeLink {
		delete(p.files, path)
		return nil
	}
	if p.files == nil {
		p.files = map[imagepath.Path]bool{}
	}
	p.files[path] = true
	return nil
}
