package apkfile_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
)

// packed is one gzip stream of what fill writes.
func packed(t testing.TB, ended bool, fill func(w *tar.Writer)) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	fill(w)
	if ended {
		w.Close()
	} else {
		w.Flush()
	}
	z.Close()
	return b.Bytes()
}

func zeroFile(t testing.TB, w *tar.Writer, name string, size int64) {
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(w, zeros{}, size); err != nil {
		t.Fatal(err)
	}
}

// withData is a package of a data section.
func withData(t testing.TB, data []byte) []byte {
	info := fmt.Sprintf("pkgname = p\npkgver = 1\narch = x86_64\ndatahash = %x\n", sha256.Sum256(data))
	return append(packed(t, false, func(w *tar.Writer) {
		w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: ".PKGINFO", Size: int64(len(info)), Mode: 0o644})
		io.WriteString(w, info)
	}), data...)
}

func entries(t testing.TB, n int) []byte {
	return withData(t, packed(t, true, func(w *tar.Writer) {
		for i := range n {
			w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: fmt.Sprint(i), Mode: 0o644})
		}
	}))
}

// What is beyond the limits is an error that names the limit, before memory is taken for it.
func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		name string
		apk  func() []byte
		want string
	}{
		{"control section of 100 files of 16 MB", func() []byte {
			return packed(t, false, func(w *tar.Writer) {
				for i := range 100 {
					zeroFile(t, w, fmt.Sprint(".", i), 16<<20)
				}
			})
		}, "first section: expands to more than 16777216 bytes"},
		{"signature section of 20,000 files", func() []byte {
			return packed(t, false, func(w *tar.Writer) {
				for i := range 20_000 {
					zeroFile(t, w, fmt.Sprint(".SIGN.RSA.", i), 0)
				}
			})
		}, "signature section: more than 131072 bytes"},
		{"signature section of 100 files", func() []byte {
			return packed(t, false, func(w *tar.Writer) {
				for i := range 100 {
					zeroFile(t, w, fmt.Sprint(".SIGN.RSA.", i), 0)
				}
			})
		}, "signature section: more than 32 files"},
		{"control section of 2,000 files", func() []byte {
			return packed(t, false, func(w *tar.Writer) {
				for i := range 2000 {
					zeroFile(t, w, fmt.Sprint(".", i), 0)
				}
			})
		}, "more than 1000 files"},
		{"2 million empty entries", func() []byte { return entries(t, 2_000_000) }, "more than 1048576 entries"},
		{"long name", func() []byte {
			return withData(t, packed(t, true, func(w *tar.Writer) { zeroFile(t, w, strings.Repeat("a", 5000), 0) }))
		}, "its name has 5000 bytes and its target 0, want at most 4096"},
		{"endless control section", func() []byte {
			return append([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"), bytes.Repeat([]byte{0, 0, 0, 0xff, 0xff}, 4<<20)...)
		},
			"first section: more than 16777216 bytes"},
		{"file of 1 TiB", func() []byte {
			return withData(t, packed(t, false, func(w *tar.Writer) {
				w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "big", Size: 1 << 40, Mode: 0o644})
			}))
		}, "the files up to here have more than 68719476736 bytes"},
	} {
		apk := tt.apk()
		var entries int
		_, err := apkfile.Read(bytes.NewReader(apk), apkfile.Built(), func(*tar.Header, io.Reader) error { entries++; return nil })
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error is %v, want one with %q", tt.name, err, tt.want)
		}
	}
}

// Twice the entries take twice the time.
func BenchmarkEntries(b *testing.B) {
	for _, n := range []int{25_000, 50_000, 100_000} {
		apk := entries(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := apkfile.Read(bytes.NewReader(apk), apkfile.Built(), nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A control section near the limit.
func BenchmarkControl(b *testing.B) {
	for _, n := range []int{200, 400, 800} {
		var control bytes.Buffer
		data := packed(b, true, func(*tar.Writer) {})
		control.Write(packed(b, false, func(w *tar.Writer) {
			info := fmt.Sprintf("pkgname = p\npkgver = 1\narch = x86_64\ndatahash = %x\n", sha256.Sum256(data))
			w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: ".PKGINFO", Size: int64(len(info)), Mode: 0o644})
			io.WriteString(w, info)
			for i := range n {
				zeroFile(b, w, fmt.Sprint(".", i), 16<<10)
			}
		}))
		control.Write(data)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := apkfile.Read(bytes.NewReader(control.Bytes()), apkfile.Built(), nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
