package ocilayer

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

func writeLayer(t *testing.T, w io.Writer) Descriptor {
	t.Helper()
	layer, err := NewWriter(w)
	if err != nil {
		t.Fatal(err)
	}
	long := "usr/share/" + strings.Repeat("long/", 60)
	for _, h := range []*tar.Header{
		{Name: "etc/", Typeflag: tar.TypeDir, Mode: 0o755},
		{Name: "etc/file", Typeflag: tar.TypeReg, Mode: 0o4755, Uid: 7, Gid: 8, Size: 5, ModTime: time.Unix(100, 999),
			AccessTime: time.Now(), PAXRecords: map[string]string{"SCHILY.xattr.security.capability": "\x01\x00\x00\x02"}},
		{Name: "etc/link", Typeflag: tar.TypeSymlink, Linkname: "file", Mode: 0o777},
		{Name: long, Typeflag: tar.TypeDir, Mode: 0o700},
	} {
		var content io.Reader
		if h.Size > 0 {
			content = strings.NewReader("hello")
		}
		if err := layer.Add(h, content); err != nil {
			t.Fatal(err)
		}
	}
	d, err := layer.Close("test-1")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The golden digest fails when the Go release, a library or this package changes what is written: every image would
// change with it, so that must be a decision.
func TestWriterIsDeterministic(t *testing.T) {
	const goldenDigest = "sha256:3447c0db73c44984e578f4425b8b46181506a22925816713bc23f25a9303c0e2"
	const golden = "sha256:c0e0bd7a2683d3a9a50af9c3fb144cdba5168a02a5fbb4f98b1c5f9ed011d875"
	var first, second bytes.Buffer
	d := writeLayer(t, &first)
	writeLayer(t, &second)
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two runs wrote different bytes")
	}
	if d.DiffID.String() != golden {
		t.Errorf("diff_id is %s, want %s", d.DiffID, golden)
	}
	if d.Digest.String() != goldenDigest {
		t.Errorf("digest is %s, want %s", d.Digest, goldenDigest)
	}
}

func TestDescriptorTellsTheTruth(t *testing.T) {
	var out bytes.Buffer
	d := writeLayer(t, &out)
	if sum := sha256.Sum256(out.Bytes()); d.Digest.Hex != hex.EncodeToString(sum[:]) || d.Size != int64(out.Len()) {
		t.Errorf("descriptor says %s, %d bytes; wrote sha256:%x, %d bytes", d.Digest, d.Size, sum, out.Len())
	}
	zip, err := gzip.NewReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(plain); d.DiffID.Hex != hex.EncodeToString(sum[:]) {
		t.Errorf("diff_id is %s, wrote sha256:%x", d.DiffID, sum)
	}
	r := tar.NewReader(bytes.NewReader(plain))
	var names []string
	for {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
		if h.Name == "etc/file" && (h.Mode != 0o4755 || h.Uid != 7 || h.Gid != 8 || h.PAXRecords["SCHILY.xattr.security.capability"] != "\x01\x00\x00\x02") {
			t.Errorf("etc/file came back as %+v", h)
		}
	}
	if len(names) != 4 {
		t.Errorf("layer holds %q, want 4 entries", names)
	}
}

func TestWriterRefusesShortContent(t *testing.T) {
	layer, err := NewWriter(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	err = layer.Add(&tar.Header{Name: "f", Typeflag: tar.TypeReg, Size: 5}, strings.NewReader("hi"))
	if err == nil || !strings.Contains(err.Error(), "got 2 bytes of content, want 5") {
		t.Errorf("error is %v, want one about the size", err)
	}
}

func TestParse(t *testing.T) {
	const hash = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	good := `{"mediaType":"m","digest":"` + hash + `","size":5,"diff_id":"` + hash + `","offset":3,"name":"a<b"}` + "\n"
	d, err := Parse([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := d.JSON(); err != nil || string(got) != good {
		t.Errorf("JSON gives %s, %v, want %s", got, err, good)
	}
	for in, want := range map[string]string{
		`{}`:                          "mediaType is missing",
		`[]`:                          "cannot unmarshal",
		good + `{}`:                   "more after the first JSON value",
		`{"digest":1}`:                "layer descriptor",
		`{"mediaType":"m","extra":1}`: "unknown field",
		`{"mediaType":"m","digest":"` + hash + `"}`: "diff_id is missing",
		strings.Replace(good, "5,", "-5,", 1):       "none below zero",
	} {
		if _, err := Parse([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%s): error %v, want %q", in, err, want)
		}
	}
}
