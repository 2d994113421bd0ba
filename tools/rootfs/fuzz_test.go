package rootfs

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Whatever a layer says, nothing outside of the root is touched.
func FuzzUnpack(f *testing.F) {
	for _, headers := range [][]tar.Header{
		{dir("usr/"), link(tar.TypeSymlink, "bin", "/usr/bin"), file("bin/su", 0o4755), link(tar.TypeLink, "also", "bin/su")},
		{file(".wh...", 0o644), file("d/.wh..", 0o644), file("../canary", 0o644)}, {link(tar.TypeSymlink, "up", "../.."), file("up/canary", 0o644), file("up/.wh.canary", 0o644)},
		{link(tar.TypeSymlink, "up", ".."), link(tar.TypeLink, "x", "up/canary")}, {file("a/.wh..wh..opq", 0o644), {Typeflag: tar.TypeFifo, Name: "f"}, {Typeflag: tar.TypeChar, Name: "c", Devmajor: 1, Devminor: 3}},
	} {
		content, err := layer(f, headers...).Uncompressed()
		if err != nil {
			f.Fatal(err)
		}
		data, err := io.ReadAll(content)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	above := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		// A file with holes may have any size.
		for archive := tar.NewReader(bytes.NewReader(data)); ; {
			h, err := archive.Next()
			if err != nil {
				break
			}
			if h.Size > 1<<20 {
				return
			}
		}
		l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil })
		if err != nil {
			return
		}
		image, err := mutate.AppendLayers(empty.Image, l, l)
		if err != nil {
			return
		}
		dir, err := os.MkdirTemp(above, "")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		canary := filepath.Join(dir, "canary")
		if err := os.WriteFile(canary, []byte("alive"), 0o600); err != nil {
			t.Fatal(err)
		}
		_ = Unpack(image, filepath.Join(dir, "root")) // an error is as good
		entries, err := os.ReadDir(dir)
		content, readErr := os.ReadFile(canary)
		info, statErr := os.Stat(canary)
		if err != nil || readErr != nil || statErr != nil || string(content) != "alive" || info.Mode() != 0o600 || len(entries) > 2 {
			t.Fatalf("outside of the root there are %v (%v); the canary is %q %v (%v, %v)", entries, err, content, info, readErr, statErr)
		}
	})
}
