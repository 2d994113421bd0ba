package apkfacts

import (
	"bytes"
	"fmt"
	"testing"
)

// A program full of what looks like busybox's table of applets, and is none.
func BenchmarkApplets(b *testing.B) {
	var names []byte
	for i := range maxApplets {
		names = fmt.Appendf(names, "z%04d\x00", i)
	}
	names = append([]byte("[\x00[[\x00"), names[:len(names)-12]...)
	for _, size := range []int{1 << 20, 2 << 20, 4 << 20} {
		run := append(bytes.Repeat([]byte{0x33}, maxApplets/2-1), 0xff)
		program := append(append([]byte{}, names...), 0, 0xff)
		for len(program) < size {
			program = append(program, run...)
		}
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			for b.Loop() {
				if found := applets(program); found != nil {
					b.Fatal(found)
				}
			}
		})
	}
}
