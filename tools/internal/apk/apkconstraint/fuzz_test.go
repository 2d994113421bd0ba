package apkconstraint

import "testing"

// FuzzParse reads constraints: what it takes is written so that it is read the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"musl", "musl@edge>=1.2", "!a<~1", "so:libc.musl-x86_64.so.1", "a><Q1x=", "cmd:[", "/bin/sh", "a=1/../x", "nautilus,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := Parse(s)
		if err != nil {
			return
		}
		again, err := Parse(c.String())
		if err != nil || again != c {
			t.Errorf("%q is %+v, written %q, read %+v, %v", s, c, c.String(), again, err)
		}
	})
}
