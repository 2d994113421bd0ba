// Package compressor compresses all that this project writes. The bytes that come out are part of every digest, so they
// must be those of one release of the library, whichever one a build selects: in the module graph of a larger build,
// anybody may ask for a newer one. A program that was built with another one says so and writes nothing.
package compressor

import (
	"crypto/sha256"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// release is that of github.com/klauspost/compress whose bytes the digests below are of.
const release = "1.18.0"

// gzipLevel is part of every digest, too.
const gzipLevel = 6

// Gzip returns a writer that compresses to w, with neither a name nor a time in the header. It has to be closed.
func Gzip(w io.Writer) (io.WriteCloser, error) {
	if err := gzipProblem(); err != nil {
		return nil, err
	}
	return newGzip(w)
}

// Zstd returns a writer that compresses to w. It has to be closed.
func Zstd(w io.Writer) (io.WriteCloser, error) {
	if err := zstdProblem(); err != nil {
		return nil, err
	}
	return newZstd(w)
}

func newGzip(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, gzipLevel) }

// newZstd's encoder is single-threaded: the borders of blocks must not depend on the number of CPUs.
func newZstd(w io.Writer) (io.WriteCloser, error) {
	return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault))
}

// The samples are as small as they can be for every release since to give other bytes: a few milliseconds, once in a
// program and only in one that compresses.
var (
	gzipProblem = sync.OnceValue(func() error {
		return problem("gzip", newGzip, 1<<16, "d54e425c0f6fbaeadcafa843ebcb621d5f43424c0976f855e001ebb6e6ef7a25")
	})
	zstdProblem = sync.OnceValue(func() error {
		return problem("zstd", newZstd, 1<<18, "6dfab7742c0fa0e5cc7aa8446925ecbba6a6e83f94903ad1c487453fbcba0a17")
	})
)

// problem says that a sample is not compressed to what the SHA-256 want is of.
func problem(name string, compress func(io.Writer) (io.WriteCloser, error), size int, want string) error {
	hash := sha256.New()
	w, err := compress(hash)
	if err != nil {
		return err
	}
	if _, err := w.Write(sample(size)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if got := fmt.Sprintf("%x", hash.Sum(nil)); got != want {
		return fmt.Errorf("%s: this program was built with a compressor that gives digest %.12s… for the sample, want %.12s… as from "+
			"github.com/klauspost/compress %s: all layers would have other digests; some go.mod of the build asks for another release: "+
			"let the build use %s, or the tools as they are released (ocibuild_tools)", name, got, want, release, release)
	}
	return nil
}

// sample is text that compresses like a program: pieces that come again, near and far, and noise of few and of many
// values.
func sample(size int) []byte {
	out := make([]byte, 0, size+64)
	state := uint32(1)
	next := func(n uint32) uint32 {
		state = state*1664525 + 1013904223
		return (state >> 8) % n
	}
	for len(out) < size {
		if distance := int(next(1<<15)) + 1; distance < len(out) && next(4) != 0 {
			for range next(40) + 4 {
				out = append(out, out[len(out)-distance])
			}
			continue
		}
		for range next(12) + 1 {
			out = append(out, byte(next(1<<(next(8)+1))))
		}
	}
	return out[:size]
}
