package rootfs

import (
	"archive/tar"
	"bytes"
	"errors"
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

func layer(t testing.TB, headers ...tar.Header) v1.Layer {
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

// A whiteout names what is removed; none can remove what lies outside, or all.
func TestWhiteoutsThatLeadOut(t *testing.T) {
	for _, name := range []string{
		".wh...", ".wh..", ".wh.", "d/.wh...", "d/.wh..", "../.wh.x", "d/../../.wh.x", "../x", "d/../../x", ".wh.x/y", ".wh..wh..opq/x", "a\nb",
	} {
		t.Run(name, func(t *testing.T) {
			above := t.TempDir()
			root := filepath.Join(above, "root")
			if err := os.WriteFile(filepath.Join(above, "x"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			image, err := mutate.AppendLayers(empty.Image, layer(t, dir("d/"), file("d/f", 0o644)), layer(t, file(name, 0o644)))
			if err != nil {
				t.Fatal(err)
			}
			if err := Unpack(image, root); err == nil {
				t.Error("it is unpacked without an error")
			}
			for _, path := range []string{filepath.Join(root, "d/f"), filepath.Join(above, "x")} {
				if _, err := os.Stat(path); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// What links lead to is looked for below the root, as in a chroot; so nothing is written elsewhere.
func TestLinksThatLeadOut(t *testing.T) {
	above := t.TempDir()
	root := filepath.Join(above, "root")
	image, err := mutate.AppendLayers(empty.Image,
		layer(t, link(tar.TypeSymlink, "up", "../../.."), link(tar.TypeSymlink, "abs", above), file("up/x", 0o644), file("abs/y", 0o644),
			link(tar.TypeLink, "z", "up/x"), file("kept", 0o644)),
		layer(t, file("up/.wh.x", 0o644), link(tar.TypeSymlink, "loop", "loop")))
	if err != nil {
		t.Fatal(err)
	}
	if err := Unpack(image, root); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{"x": false, "z": true, filepath.Join(above, "y"): true, "kept": true, "../x": false, "../y": false} {
		if _, err := os.Stat(filepath.Join(root, path)); (err == nil) != want {
			t.Errorf("%s: %v, want it there: %v", path, err, want)
		}
	}
	for _, entry := range []tar.Header{link(tar.TypeLink, "l", "../../etc/passwd"), link(tar.TypeLink, "l", ".wh.x"), file("loop/x", 0o644), {Typeflag: 'Z', Name: "q"}} {
		image, err := mutate.AppendLayers(image, layer(t, entry))
		if err != nil {
			t.Fatal(err)
		}
		if err := Unpack(image, t.TempDir()); err == nil {
			t.Errorf("%+v is unpacked without an error", entry)
		}
	}
}

// Whiteouts are for what lower layers have, wherever in the layer they are.
func TestWhiteoutsAfterTheLayersOwn(t *testing.T) {
	image, err := mutate.AppendLayers(empty.Image,
		layer(t, dir("d/"), file("d/old", 0o644), dir("d/sub/"), file("d/sub/old", 0o644), file("f", 0o644)),
		layer(t, file("d/new", 0o644), file("d/sub/new", 0o644), file("d/.wh..wh..opq", 0o644), file("f", 0o755), file(".wh.f", 0o644)))
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if err := Unpack(image, root); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{"d/new": true, "d/old": false, "d/sub/new": true, "d/sub/old": false, "f": true} {
		if _, err := os.Stat(filepath.Join(root, path)); (err == nil) != want {
			t.Errorf("%s: %v, want it there: %v", path, err, want)
		}
	}
}

// GNU's old form for files with holes: one block of data at an offset.
func TestOldSparseFile(t *testing.T) {
	const at, size = 4096, 8192
	data := bytes.Repeat([]byte("x"), 512)
	block := make([]byte, 512)
	copy(block, "holes")
	copy(block[100:], "0000644\x000000000\x000000000\x00")
	fmt.Fprintf(field(block[124:136]), "%011o", len(data))
	fmt.Fprintf(field(block[136:148]), "%011o", 0)
	block[156] = 'S'
	copy(block[257:], "ustar  \x00")
	fmt.Fprintf(field(block[386:398]), "%011o", at)
	fmt.Fprintf(field(block[398:410]), "%011o", len(data))
	fmt.Fprintf(field(block[483:495]), "%011o", size)
	copy(block[148:156], "        ")
	sum := 0
	for _, b := range block {
		sum += int(b)
	}
	copy(block[148:156], fmt.Sprintf("%06o\x00 ", sum))
	archive := slices.Concat(block, data, make([]byte, 1024))
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive)), nil })
	if err != nil {
		t.Fatal(err)
	}
	image, err := mutate.AppendLayers(empty.Image, l)
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if err := Unpack(image, root); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, "holes"))
	if want := slices.Concat(make([]byte, at), data, make([]byte, size-at-len(data))); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the file has %d bytes (%v), want %d with the data at %d", len(got), err, len(want), at)
	}
}

// field writes into a field of a header.
type field []byte

func (b field) Write(p []byte) (int, error) { return copy(b, p), nil }

func TestReadFile(t *testing.T) {
	root := t.TempDir()
	for name, target := range map[string]string{"out": "../../../etc", "abs": "/etc", "loop": "loop"} {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "etc/passwd"), []byte("ours"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/etc/passwd", "out/passwd", "abs/passwd", "/../../etc/./passwd"} {
		if got, err := ReadFile(root, name); err != nil || string(got) != "ours" {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	if _, err := ReadFile(root, "/etc/shadow"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	for _, name := range []string{"loop", "loop/x", "etc"} {
		if _, err := ReadFile(root, name); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want an error", name, err)
		}
	}
}
