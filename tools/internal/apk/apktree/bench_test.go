package apktree

import (
	"fmt"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
)

// Files of one directory, all of which another package replaces.
func BenchmarkReplaces(b *testing.B) {
	for _, n := range []int{10_000, 20_000, 40_000} {
		var first, second []apkfacts.Entry
		for i := range n {
			first = append(first, file(fmt.Sprintf("d/%d", i), "A"))
			second = append(second, file(fmt.Sprintf("d/%d", i), "B"))
		}
		packages := []*apkfacts.Facts{pkg("a", "", first...), pkg("b", "replaces:a", second...)}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				tree, err := New(packages, nil)
				if err != nil || len(tree.Losses) != n {
					b.Fatal(err)
				}
			}
		})
	}
}

// Names at the root that apk does not install: each is a whiteout in the system layer.
func BenchmarkHidden(b *testing.B) {
	for _, n := range []int{4_000, 8_000, 16_000} {
		var entries []apkfacts.Entry
		for i := range n {
			entries = append(entries, file(fmt.Sprintf(".%d", i), ""))
		}
		packages := []*apkfacts.Facts{pkg("a", "", entries...)}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if tree, err := New(packages, nil); err != nil || len(tree.Hidden) != n {
					b.Fatal(err)
				}
			}
		})
	}
}
