package imagetest

import (
	"archive/tar"
	"fmt"
	"strings"
	"testing"
)

// A layer that removes each file of the one below.
func BenchmarkWhiteouts(b *testing.B) {
	for _, n := range []int{4_000, 8_000, 16_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				t := newTree()
				for _, format := range []string{"d/%d", "d/.wh.%d"} {
					for i := range n {
						if err := t.put(&tar.Header{Typeflag: tar.TypeReg, Name: fmt.Sprintf(format, i)}, strings.NewReader("")); err != nil {
							b.Fatal(err)
						}
					}
				}
				if len(t.files) != 0 {
					b.Fatalf("%d files are left", len(t.files))
				}
			}
		})
	}
}
