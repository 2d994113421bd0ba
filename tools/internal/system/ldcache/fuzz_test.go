package ldcache

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// The order in which shared objects are found makes no difference, whatever they are called.
func FuzzEncode(f *testing.F) {
	f.Add("libz.so.1 libz.so.1.3 lib1 liba.so.10 liba.so.2", "x86-64-v3")
	f.Add("lib01 lib1 lib001 lib99999999999999999999", "")
	f.Fuzz(func(t *testing.T, names, hwcap string) {
		var entries []Entry
		for i, name := range strings.Fields(names) {
			e := Entry{Soname: name, Path: "/lib/" + name, Machine: "x86_64"}
			if i%2 == 1 {
				e.Hwcap, e.Path = hwcap, "/lib/glibc-hwcaps/"+hwcap+"/"+name
			}
			entries = append(entries, e)
		}
		one, err := Encode(entries)
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(entries)
		if two, err := Encode(entries); err != nil || !bytes.Equal(one, two) {
			t.Fatalf("in another order it is other bytes (%v)", err)
		}
	})
}
