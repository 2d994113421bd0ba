package ocilayer

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func TestDescribe(t *testing.T) {
	for _, compression := range []Compression{Gzip, Zstd} {
		var out bytes.Buffer
		w, err := NewCompressedWriter(&out, compression)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Add(&tar.Header{Name: "a", Typeflag: tar.TypeReg, Size: 5}, strings.NewReader("hello")); err != nil {
			t.Fatal(err)
		}
		want, err := w.Close("name")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Describe(&out, "name"); err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", compression, got, err, want)
		}
	}

	plain := strings.Repeat("\x00", 1024)
	got, err := Describe(strings.NewReader(plain), "empty")
	if err != nil || got.Digest != got.DiffID || got.Size != 1024 || got.MediaType != "application/vnd.oci.image.layer.v1.tar" {
		t.Errorf("plain: got %+v, %v", got, err)
	}
}

// archive makes a tar: "name" a file, "name/" a directory, "name -> target" a link, "name = target" a hard one.
func archive(t testing.TB, names ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, name := range names {
		h := &tar.Header{Name: name, Typeflag: tar.TypeReg, Size: 700, Mode: 0o644}
		if strings.HasSuffix(name, "/") {
			h.Typeflag, h.Size = tar.TypeDir, 0
		}
		for arrow, kind := range map[string]byte{" -> ": tar.TypeSymlink, " = ": tar.TypeLink} {
			if from, to, ok := strings.Cut(name, arrow); ok {
				h.Name, h.Linkname, h.Typeflag, h.Size = from, to, kind, 0
			}
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(bytes.Repeat([]byte("x"), int(h.Size))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstandard(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(data, nil)
}

// Layers of others are taken as they are, however they are put together.
func TestDescribeTakes(t *testing.T) {
	plain := archive(t, "./", "./usr/", "usr/a", "/usr/b", "usr/c = usr/a", "l -> usr", "l/d", "usr/.wh.gone", "usr/.wh..wh..opq", "usr/a")
	skippable := append([]byte{0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0}, "any"...)
	want := sha256.Sum256(plain)
	for name, c := range map[string]struct {
		data  []byte
		media string
	}{
		"plain":                       {plain, "tar"},
		"gzip":                        {gzipped(t, plain), "tar+gzip"},
		"gzip of two members":         {slices.Concat(gzipped(t, plain[:600]), gzipped(t, plain[600:])), "tar+gzip"},
		"gzip with padding":           {slices.Concat(gzipped(t, plain), make([]byte, 512)), "tar+gzip"},
		"zstd":                        {zstandard(t, plain), "tar+zstd"},
		"zstd after a skippable one":  {slices.Concat(skippable, zstandard(t, plain)), "tar+zstd"},
		"zstd before a skippable one": {slices.Concat(zstandard(t, plain), skippable), "tar+zstd"},
		"zstd of two frames":          {slices.Concat(zstandard(t, plain[:600]), zstandard(t, plain[600:])), "tar+zstd"},
	} {
		got, err := Describe(bytes.NewReader(c.data), "x")
		digest := sha256.Sum256(c.data)
		if err != nil || got.DiffID.Hex != hex.EncodeToString(want[:]) || got.Digest.Hex != hex.EncodeToString(digest[:]) ||
			got.Size != int64(len(c.data)) || string(got.MediaType) != "application/vnd.oci.image.layer.v1."+c.media {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestDescribeRefuses(t *testing.T) {
	plain := archive(t, "a", "b")
	zip, zst := gzipped(t, plain), zstandard(t, plain)
	for want, data := range map[string][]byte{
		"it is empty, want a tar": nil,
		"it is compressed with xz, want a tar as it is or compressed with gzip or zstd":                      []byte("\xfd7zXZ\x00\x00\x04"),
		"it is compressed with bzip2, want a tar as it is or compressed with gzip or zstd":                   []byte("BZh91AY&SY"),
		"it is a zip archive, as jars are, want a tar as it is or compressed with gzip or zstd":              []byte("PK\x03\x04\x14\x00\x08"),
		"it is an ar archive, as Debian's packages are, want a tar as it is or compressed with gzip or zstd": []byte("!<arch>\n"),
		"it is no tar: unexpected EOF":                                         []byte("plain text\n"),
		"it is no tar: archive/tar: invalid tar header":                        bytes.Repeat([]byte("plain text\n"), 100),
		"its tar is cut short or damaged in or after b: unexpected EOF":        plain[:2100],
		"its tar lacks the empty blocks at the end: it is cut short":           plain[:1536],
		"its tar is cut short or damaged in or after a: unexpected EOF":        plain[:1000],
		"reading to the end: gzip: unexpected EOF":                             zip[:len(zip)-4],
		"it is no tar: unexpected EOF ":                                        zst[:len(zst)-1],
		"gzip: there is more after the zeros at the end":                       slices.Concat(zip, make([]byte, 8), zip),
		"gzip: what follows the compressed data is none: gzip: invalid header": slices.Concat(zip, []byte("garbage garbage")),
		"its tar lacks the empty blocks at the end: it is cut short ":          gzipped(t, nil),
		"/x/y lies below /x, which is a file in the same tar":                  archive(t, "x", "x/y"),
		`path "../x" has the part ".."; want a path without`:                   archive(t, "../x"),
		`path "a/../../x" has the part ".."; want a path without`:              archive(t, "b", "c = a/../../x"),
		`path "a\nb" has the control character 0x0a; want a name without`:      archive(t, "a\nb"),
	} {
		_, err := Describe(bytes.NewReader(data), "x")
		if err == nil || !strings.Contains(err.Error(), strings.TrimSpace(want)) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// A sparse file of an exabyte has no content to read.
func TestDescribePassesOverHoles(t *testing.T) {
	plain := archive(t, "sparse/")
	header := plain[:512]
	number := func(at int, digits string) { copy(header[at:], digits+"\x00") }
	copy(header, "sparse\x00\x00")
	header[156] = 'S'
	copy(header[257:], "ustar  \x00")
	clear(header[345:500])
	number(124, "00000000000")
	header[483], header[483+4] = 0x80, 0x10 // the size, in base 256
	number(386, "00000000000")              // one piece of data, of nothing
	number(398, "00000000000")
	copy(header[148:], "        ")
	sum := 0
	for _, b := range header {
		sum += int(b)
	}
	copy(header[148:], fmt.Sprintf("%06o\x00 ", sum))
	h, err := tar.NewReader(bytes.NewReader(plain)).Next()
	if err != nil || h.Size < 1<<50 {
		t.Fatalf("the tar holds %+v, %v, want a large file", h, err)
	}
	start := time.Now()
	if _, err := Describe(bytes.NewReader(plain), "x"); err != nil || time.Since(start) > 10*time.Second {
		t.Errorf("got %v after %s", err, time.Since(start))
	}
}

// Reading takes time in proportion to the number of entries.
func BenchmarkDescribe(b *testing.B) {
	for name, n := range map[string]int{"10k": 10_000, "100k": 100_000} {
		var out bytes.Buffer
		w := tar.NewWriter(&out)
		for i := range n {
			if err := w.WriteHeader(&tar.Header{Name: strings.Repeat("d/", i%200) + string(rune('a'+i%26)), Typeflag: tar.TypeDir}); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Describe(bytes.NewReader(out.Bytes()), "x"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Whatever is described is a tar that Go can read to its end, with the digests that it has.
func FuzzDescribe(f *testing.F) {
	plain := archive(f, "a/", "c -> a", "d")[:2048]
	f.Add(plain)
	f.Add(gzipped(f, plain))
	f.Add(zstandard(f, plain))
	f.Add(append(gzipped(f, plain), 0, 0, 0))
	f.Add([]byte{0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		// A fuzzer soon finds how well nothing compresses.
		if len(data) > 2<<10 {
			return
		}
		d, err := Describe(bytes.NewReader(data), "x")
		if err != nil {
			return
		}
		if sum := sha256.Sum256(data); d.Digest.Hex != hex.EncodeToString(sum[:]) || d.Size != int64(len(data)) {
			t.Errorf("got %+v of other data", d)
		}
		if d.MediaType != "application/vnd.oci.image.layer.v1.tar" {
			return
		}
		for r := tar.NewReader(bytes.NewReader(data)); ; {
			h, err := r.Next()
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if name := "/" + h.Name + "/"; strings.Contains(name, "/../") {
				t.Errorf("took the path %q", h.Name)
			}
		}
	})
}
