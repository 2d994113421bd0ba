package ociblob

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func describe(data []byte) v1.Descriptor {
	return v1.Descriptor{Size: int64(len(data)), Digest: v1.Hash{Algorithm: "sha256", Hex: fmt.Sprintf("%x", sha256.Sum256(data))}}
}

func file(t *testing.T, data string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "blob")
	if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(s *Store, desc v1.Descriptor) (string, error) {
	r, err := s.Open(context.Background(), desc)
	if err != nil {
		return "", err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	return string(data), err
}

func TestOpenFile(t *testing.T) {
	desc := describe([]byte("layer bytes"))
	for _, test := range []struct{ name, content, want string }{
		{"a range", "headlayer bytestail", ""},
		{"up to the end", "headlayer bytes", ""},
		{"changed", "headlayer_bytestail", "has sha256:"},
		{"truncated", "headlayer", "ends after 5 of the layer's 11 bytes"},
		{"shorter than the offset", "h", "ends after 0 of the layer's 11 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var s Store
			s.AddFile(desc.Digest, file(t, test.content), 4)
			s.SetName(desc.Digest, "musl-1-r0")
			got, err := read(&s, desc)
			if test.want == "" {
				if err != nil || got != "layer bytes" {
					t.Errorf("got %q, %v", got, err)
				}
				return
			}
			var corrupt *CorruptError
			if !errors.As(err, &corrupt) || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "musl-1-r0") {
				t.Errorf("got %v, want %q and the name", err, test.want)
			}
			if len(got) >= int(desc.Size) {
				t.Errorf("handed out all of a wrong blob: %q", got)
			}
		})
	}
}

// Whatever way the bytes come in, the last of a wrong blob never gets out.
func TestVerifyKeepsLastBytesBack(t *testing.T) {
	want := describe([]byte("0123456789"))
	bad := func(problem string) error { return errors.New(problem) }
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"at once": func(r io.Reader) io.Reader { return r }, "one byte": iotest.OneByteReader, "data and error": iotest.DataErrReader,
	} {
		for content, ok := range map[string]bool{"0123456789": true, "0123456788": false, "x123456789": false, "0123": false, "01234567890": true} {
			got, err := io.ReadAll(verify(io.NopCloser(wrap(strings.NewReader(content))), want, bad))
			if ok && (err != nil || string(got) != "0123456789") || !ok && (err == nil || len(got) >= 10) {
				t.Errorf("%s, %s: got %q, %v", name, content, got, err)
			}
		}
	}
	if _, err := io.ReadAll(verify(io.NopCloser(strings.NewReader("")), v1.Descriptor{Digest: want.Digest}, bad)); err == nil {
		t.Error("an empty blob with another digest passed")
	}
}

func TestOpenOrder(t *testing.T) {
	data := []byte("layer bytes")
	desc := describe(data)
	layout := t.TempDir()
	blobs := filepath.Join(layout, "blobs", "sha256")
	if err := os.MkdirAll(blobs, 0o755); err != nil {
		t.Fatal(err)
	}
	s := Store{Layouts: []string{layout}}
	s.AddFile(desc.Digest, "/nonexistent/musl.apk", 4)
	if _, err := read(&s, desc); err == nil || !strings.Contains(err.Error(), "/nonexistent/musl.apk does not exist") {
		t.Errorf("got %v, want the missing file named", err)
	}
	if err := os.WriteFile(filepath.Join(blobs, desc.Digest.Hex), data, 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := read(&s, desc); err != nil || got != "layer bytes" {
		t.Errorf("from the layout: got %q, %v", got, err)
	}
	if _, err := read(&Store{}, desc); err == nil || !strings.Contains(err.Error(), "nothing says where") {
		t.Errorf("got %v", err)
	}
}

func TestOpenURL(t *testing.T) {
	desc := describe([]byte("layer bytes"))
	files := map[string]string{
		"http://good": "headlayer bytestail", "http://wrong": "headlayer_bytestail", "http://short": "he", "http://cut": "headlayer",
	}
	for _, test := range []struct {
		urls  []string
		asked string
		errs  string
	}{
		{[]string{"http://good"}, "[http://good]", ""},
		{[]string{"http://none", "http://good"}, "[http://none http://good]", ""},
		{[]string{"http://none", "http://short"}, "[http://none http://short]", "http://none: answers 404; http://short: ends before byte 4"},
		{[]string{"http://wrong", "http://good"}, "[http://wrong]", "http://wrong has sha256:"},
		{[]string{"http://cut", "http://good"}, "[http://cut]", "http://cut ends after 5"},
	} {
		t.Run(strings.Join(test.urls, " "), func(t *testing.T) {
			var asked []string
			s := Store{Fetch: func(_ context.Context, url string) (io.ReadCloser, error) {
				asked = append(asked, url)
				if files[url] == "" {
					return nil, errors.New("answers 404")
				}
				return io.NopCloser(strings.NewReader(files[url])), nil
			}}
			for _, url := range test.urls {
				s.AddURL(desc.Digest, url, 4)
			}
			got, err := read(&s, desc)
			if fmt.Sprint(asked) != test.asked {
				t.Errorf("asked %v, want %s", asked, test.asked)
			}
			if test.errs == "" && (err != nil || got != "layer bytes") || test.errs != "" && !strings.Contains(fmt.Sprint(err), test.errs) {
				t.Errorf("got %q, %v", got, err)
			}
			var corrupt *CorruptError
			if errors.As(err, &corrupt) {
				if !corrupt.Passing() {
					t.Error("wrong bytes of a server are not worth another try")
				}
				if got, err := read(&s, desc); err != nil || got != "layer bytes" {
					t.Errorf("the second try: got %q, %v; want the other mirror's bytes", got, err)
				}
			}
		})
	}
}

func TestOpenPulls(t *testing.T) {
	desc := describe([]byte("layer bytes"))
	repository, err := name.NewRepository("registry.example.com/base")
	if err != nil {
		t.Fatal(err)
	}
	s := Store{Repositories: []name.Repository{repository}, Pull: func(_ context.Context, ref name.Digest) (io.ReadCloser, error) {
		if want := "registry.example.com/base@" + desc.Digest.String(); ref.String() != want {
			t.Errorf("asked for %s, want %s", ref, want)
		}
		return io.NopCloser(strings.NewReader("layer bytes")), nil
	}}
	if got, err := read(&s, desc); err != nil || got != "layer bytes" {
		t.Errorf("got %q, %v", got, err)
	}
}
