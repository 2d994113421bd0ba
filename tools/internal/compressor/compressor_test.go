package compressor

import (
	"compress/gzip"
	"io"
	"strings"
	"testing"
)

func TestThisRelease(t *testing.T) {
	for name, compress := range map[string]func(io.Writer) (io.WriteCloser, error){"gzip": Gzip, "zstd": Zstd} {
		w, err := compress(io.Discard)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := w.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Go's own compressor stands for another release.
func TestAnotherCompressor(t *testing.T) {
	other := func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, gzipLevel) }
	err := problem("gzip", other, 1<<16, strings.Repeat("0", 64))
	for _, want := range []string{"gzip: this program was built with a compressor that gives digest ", "want 000000000000… as from github.com/klauspost/compress 1.18.0"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	for b.Loop() {
		_ = problem("gzip", newGzip, 1<<16, "")
		_ = problem("zstd", newZstd, 1<<18, "")
	}
}
