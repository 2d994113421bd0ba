package nearest

import (
	"slices"
	"strings"
	"testing"
)

// The answer is a known name or none, is the name itself where that is known, and does not depend on the order.
func FuzzName(f *testing.F) {
	f.Add("opensll", "openssl curl busybox")
	f.Add("", " ")
	f.Fuzz(func(t *testing.T, name, list string) {
		known := strings.Split(list, " ")
		got := Name(name, slices.Values(known))
		if got != "" && !slices.Contains(known, got) {
			t.Errorf("%q is none of %q", got, known)
		}
		if name != "" && slices.Contains(known, name) && got != name {
			t.Errorf("got %q, want %q itself", got, name)
		}
		slices.Reverse(known)
		if again := Name(name, slices.Values(known)); again != got {
			t.Errorf("got %q, and %q in the other order", got, again)
		}
	})
}
