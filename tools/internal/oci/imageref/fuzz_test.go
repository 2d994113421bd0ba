package imageref

import (
	"strings"
	"testing"
)

// A name that is replaced by itself leaves the text as it is; one that is replaced is not found again.
func FuzzSubstitute(f *testing.F) {
	f.Add("image: //server:image\n", "//server:image", "server")
	f.Add("//a:b //a:bc @//a:b", "//a:b", "//a:bc")
	f.Fuzz(func(t *testing.T, text, first, second string) {
		if first == "" || second == "" || first == second {
			return
		}
		same := []Image{{Names: []string{first}, Reference: first}, {Names: []string{second}, Reference: second}}
		got, err := Substitute(text, same)
		if err == nil && got != text {
			t.Errorf("%q became %q, want no change", text, got)
		}
		if err != nil {
			return
		}
		const gone = "\x00"
		got, err = Substitute(text, []Image{{Names: []string{first, second}, Reference: gone}})
		if err != nil {
			t.Fatalf("%q names both, but %v", text, err)
		}
		if strings.Contains(text, gone) || strings.ContainsAny(first+second, gone) {
			return
		}
		// Names that were cut off by a longer one stay; whole ones do not.
		for i := range got {
			if name := nameAt(got, i, []string{first, second}); name != "" && !touches(got, i, name, gone) {
				t.Errorf("%q became %q, which has %q still", text, got, name)
			}
		}
	})
}

// touches says that a name stands beside what replaced another one: only so did it become whole.
func touches(text string, i int, name, gone string) bool {
	return strings.HasSuffix(text[:i], gone) || strings.HasPrefix(text[i+len(name):], gone)
}
