package apkindex

import (
	"fmt"
	"strings"
	"testing"
)

// Twice the packages, or the words of one package, take twice the time.
func BenchmarkParse(b *testing.B) {
	for _, n := range []int{10_000, 20_000, 40_000} {
		packages := strings.Repeat(text, n/2)
		b.Run(fmt.Sprintf("packages/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parse(strings.NewReader(packages)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, n := range []int{100_000, 200_000, 400_000} {
		words := checksumLine + "P:a\nV:1\nD:" + strings.Repeat("name ", n) + "\n"
		b.Run(fmt.Sprintf("words/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parse(strings.NewReader(words)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
