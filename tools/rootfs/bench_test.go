package rootfs

import (
	"archive/tar"
	"fmt"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// A layer that removes each file of the one below.
func BenchmarkWhiteouts(b *testing.B) {
	for _, n := range []int{1_000, 2_000, 4_000} {
		var files, whiteouts []tar.Header
		for i := range n {
			files = append(files, file(fmt.Sprintf("d/%d", i), 0o644))
			whiteouts = append(whiteouts, file(fmt.Sprintf("d/.wh.%d", i), 0o644))
		}
		image, err := mutate.AppendLayers(empty.Image, layer(b, files...), layer(b, whiteouts...))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if err := Unpack(image, b.TempDir()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
