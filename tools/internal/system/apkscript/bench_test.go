package apkscript

import (
	"fmt"
	"strings"
	"testing"
)

// Scripts that are nested as deep as their size allows, and the one that a parser's stack would not hold.
func BenchmarkNested(b *testing.B) {
	for _, n := range []int{maxScript / 4, maxScript / 2, maxScript, 5_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			script := strings.Repeat("(", n)
			for b.Loop() {
				if rest := Run(script, newFake()); len(rest) != 1 {
					b.Fatal(rest)
				}
			}
		})
	}
}

// Conditions in each other, none of which is known.
func BenchmarkNestedIf(b *testing.B) {
	for _, n := range []int{25, 50, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			script := strings.Repeat("if ", n) + "frob" + strings.Repeat("; then frob; fi", n)
			for b.Loop() {
				if rest := Run(script, newFake()); len(rest) == 0 {
					b.Fatal("it is covered")
				}
			}
		})
	}
}
