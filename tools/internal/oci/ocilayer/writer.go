package ocilayer

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/rules-apk/rules_apk/tools/internal/compressor"
)

// Compression is how a layer's tar is compressed.
type Compression string

const (
	Gzip Compression = "gzip"
	Zstd Compression = "zstd"
)

// Writer writes a compressed tar whose bytes depend on nothing but what is added.
type Writer struct {
	tar    *tar.Writer
	zip    io.WriteCloser
	media  types.MediaType
	diffID hash.Hash
	digest hash.Hash
	size   counter
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// NewWriter returns a Writer to w that compresses with gzip.
func NewWriter(w io.Writer) (*Writer, error) { return NewCompressedWriter(w, Gzip) }

// NewCompressedWriter returns a Writer to w. A compression that is not one of the constants is an error.
func NewCompressedWriter(w io.Writer, compression Compression) (*Writer, error) {
	out := &Writer{diffID: sha256.New(), digest: sha256.New()}
	compressed := io.MultiWriter(w, out.digest, &out.size)
	var err error
	switch compression {
	case Gzip:
		out.media = types.OCILayer
		out.zip, err = compressor.Gzip(compressed)
	case Zstd:
		out.media = types.OCILayerZStd
		out.zip, err = compressor.Zstd(compressed)
	default:
		err = fmt.Errorf("compression is %q, want gzip or zstd", compression)
	}
	if err != nil {
		return nil, fmt.Errorf("writing a layer: %w", err)
	}
	out.tar = tar.NewWriter(io.MultiWriter(out.zip, out.diffID))
	return out, nil
}

// Add appends one entry. For a regular file content must give exactly h.Size bytes; for others it may be nil. Access
// and change times are dropped, the modification time is cut to whole seconds.
func (w *Writer) Add(h *tar.Header, content io.Reader) error {
	c := *h
	c.AccessTime, c.ChangeTime = time.Time{}, time.Time{}
	c.ModTime = c.ModTime.Truncate(time.Second)
	c.Format = tar.FormatUnknown // the plainest format that can hold the entry
	if err := w.tar.WriteHeader(&c); err != nil {
		return fmt.Errorf("writing layer entry %s: %w", h.Name, err)
	}
	if content == nil {
		return nil
	}
	n, err := io.Copy(w.tar, content)
	if err != nil {
		return fmt.Errorf("writing layer entry %s: %w", h.Name, err)
	}
	if n != h.Size {
		return fmt.Errorf("writing layer entry %s: got %d bytes of content, want %d", h.Name, n, h.Size)
	}
	return nil
}

// Close ends the layer and returns its descriptor, with the given name. It does not close the underlying writer.
func (w *Writer) Close(name string) (Descriptor, error) {
	if err := w.tar.Close(); err != nil {
		return Descriptor{}, fmt.Errorf("writing layer %s: %w", name, err)
	}
	if err := w.zip.Close(); err != nil {
		return Descriptor{}, fmt.Errorf("writing layer %s: %w", name, err)
	}
	return Descriptor{
		MediaType: w.media,
		Digest:    sum(w.digest),
		Size:      int64(w.size),
		DiffID:    sum(w.diffID),
		Name:      name,
	}, nil
}

func sum(h hash.Hash) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(h.Sum(nil))}
}
