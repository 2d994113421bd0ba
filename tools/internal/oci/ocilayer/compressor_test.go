package ocilayer

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
)

// program is a megabyte that compresses as a program does: words that come again, and numbers between them.
func program() []byte {
	random := rand.New(rand.NewPCG(1, 2))
	words := make([][]byte, 2000)
	for i := range words {
		words[i] = make([]byte, 2+random.IntN(20))
		for j := range words[i] {
			words[i][j] = byte(60 + random.IntN(40) + random.IntN(40))
		}
	}
	var out bytes.Buffer
	for out.Len() < 1<<20 {
		out.Write(words[random.IntN(1+random.IntN(len(words)))])
		out.WriteByte(byte(random.IntN(256)))
		if random.IntN(10) == 0 {
			out.Write(bytes.Repeat([]byte{0}, random.IntN(40)))
		}
	}
	return out.Bytes()
}

// What a compressor makes of a few words is the same in all its versions, so that no small layer notices a new one.
// This one does: klauspost/compress 1.18.1 makes other bytes. Whoever changes these digests changes those of users'
// images.
func TestCompressorIsTheSame(t *testing.T) {
	content := program()
	if got, want := fmt.Sprintf("%x", sha256.Sum256(content)), "31b5234079e1f364958e4023808b1ef2f6475609b992b7b47981e1ca55e3ffee"; got != want {
		t.Fatalf("the content is %s, want %s: the test itself has changed", got, want)
	}
	for compression, want := range map[Compression]string{
		Gzip: "sha256:03b6869ac71bf693c4179576f262c93dabb8008840bb53cd4fb08616a56535c8",
		Zstd: "sha256:08d113084b0b5a4115ad30a0d46302a56337606eeb55303e23dad4b528bdc52f",
	} {
		w, err := NewCompressedWriter(io.Discard, compression)
		if err != nil {
			t.Fatal(err)
		}
		header := tar.Header{Typeflag: tar.TypeReg, Name: "program", Mode: 0o755, Size: int64(len(content))}
		if err := w.Add(&header, bytes.NewReader(content)); err != nil {
			t.Fatal(err)
		}
		d, err := w.Close("program")
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Digest.String(); got != want {
			t.Errorf("%s: the layer's digest is %s, want %s", compression, got, want)
		}
	}
}
