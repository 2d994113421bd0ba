package rootfs

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func layer(t *testing.T, headers ...tar.Header) v1.Layer {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, h := range headers {
		content := []byte(h.Name)
		if h.Typeflag != tar.TypeReg {
			content = nil
		}
		h.Size, h.Uid, h.Gid = int64(len(content)), os.Geteuid(), os.Getegid()
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(buf.Bytes())), nil })
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func dir(name string) tar.Header { return tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755} }

func file(name string, mode int64) tar.Header {
	return tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode}
}

func link(kind byte, name, target string) tar.Header {
	return tar.Header{Typeflag: kind, Name: name, Linkname: target, Mode: 0o777}
}

func TestUnpack(t *testing.T) {
	image, err := mutate.AppendLayers(empty.Image,
		layer(t, dir("usr/"), dir("usr/bin/"), link(tar.TypeSymlink, "bin", "/usr/bin"), file("usr/bin/old", 0o644),
			dir("full/"), file("full/a", 0o644), file("gone", 0o644), dir("was-dir/"), file("was-dir/x", 0o644)),
		layer(t, file("bin/su", 0o4755), link(tar.TypeLink, "also", "bin/su"), file(".wh.gone", 0o644), file("full/b", 0o600),
			file("full/.wh..wh..opq", 0o644), file("was-dir", 0o644), file("deep/er/file", 0o644)))
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if err := Unpack(image, root); err != nil {
		t.Fatal(err)
	}
	var got []string
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		got = append(got, fmt.Sprintf("%v %s", info.Mode(), name))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// Through the link of the layer below; an opaque whiteout leaves what its own layer brought.
	want := []string{
		"urwxr-xr-x also", "Lrwxrwxrwx bin", "-rw-r--r-- deep/er/file", "-rw------- full/b", "-rw-r--r-- usr/bin/old",
		"urwxr-xr-x usr/bin/su", "-rw-r--r-- was-dir",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestResolve(t *testing.T) {
	root := t.TempDir()
	for name, target := range map[string]string{"out": "../../../etc", "abs": "/etc", "loop": "loop"} {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"/out/passwd": "etc/passwd", "abs/x": "etc/x", "/../..": "", "a/./b": "a/b"} {
		if got, err := Resolve(root, name); err != nil || got != filepath.Join(root, want) {
			t.Errorf("%s: got %s, %v, want %s", name, got, err, want)
		}
	}
	if _, err := Resolve(root, "loop"); err == nil {
		t.Error("loop: want an error")
	}
}
