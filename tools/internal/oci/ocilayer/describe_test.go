package ocilayer

import (
	"archive/tar"
	"bytes"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
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

	var cut bytes.Buffer
	zip := gzip.NewWriter(&cut)
	if _, err := zip.Write([]byte(plain)); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"cut": cut.Bytes()[:cut.Len()-4], "nothing": nil} {
		if _, err := Describe(bytes.NewReader(data), name); err == nil || !strings.Contains(err.Error(), "layer "+name+": ") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
