package ocilayer

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Describe reads a layer that exists, a tar that may be compressed with gzip or zstd, and returns its descriptor.
func Describe(r io.Reader, name string) (Descriptor, error) {
	digest, diffID := sha256.New(), sha256.New()
	var size counter
	in := bufio.NewReader(io.TeeReader(r, io.MultiWriter(digest, &size)))
	magic, err := in.Peek(4)
	if err != nil {
		return Descriptor{}, fmt.Errorf("layer %s: want a tar, got %d bytes", name, len(magic))
	}
	media, content := types.OCIUncompressedLayer, io.Reader(in)
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		media = types.OCILayer
		if content, err = gzip.NewReader(in); err != nil {
			return Descriptor{}, fmt.Errorf("layer %s: %w", name, err)
		}
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		media = types.OCILayerZStd
		unzstd, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return Descriptor{}, fmt.Errorf("layer %s: %w", name, err)
		}
		defer unzstd.Close()
		content = unzstd
	}
	// The end of the compressed stream may come before that of the file: what follows counts for the digest.
	for _, part := range []struct {
		to   io.Writer
		from io.Reader
	}{{diffID, content}, {io.Discard, in}} {
		if _, err := io.Copy(part.to, part.from); err != nil {
			return Descriptor{}, fmt.Errorf("layer %s: %w", name, err)
		}
	}
	return Descriptor{MediaType: media, Digest: sum(digest), Size: int64(size), DiffID: sum(diffID), Name: name}, nil
}
