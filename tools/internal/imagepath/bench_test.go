package imagepath_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// A path as deep as one may be, and one far deeper.
func BenchmarkParse(b *testing.B) {
	for _, parts := range []int{64, 128, 256, 50_000} {
		name := strings.TrimSuffix(strings.Repeat("a/", parts), "/")
		b.Run(fmt.Sprint(parts), func(b *testing.B) {
			for b.Loop() {
				if _, err := imagepath.Parse(name); (err == nil) != (parts <= imagepath.MaxParts) {
					b.Fatal(err)
				}
			}
		})
	}
}
