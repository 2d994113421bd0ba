package apkversion_test

import (
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkversion"
)

// FuzzCompare compares versions, valid or not: the order does not depend on which comes first.
func FuzzCompare(f *testing.F) {
	for _, v := range []string{"1.2.3-r0", "1.2_rc1_git2-r1", "2.7.18.10-git-r0", "1/../../../x", "1.02", "1a~abc-r0", ""} {
		f.Add(v, "1.2.3-r0")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if x, y := apkversion.Compare(a, b), apkversion.Compare(b, a); apkversion.Valid(a) && apkversion.Valid(b) && x != -y {
			t.Errorf("%q and %q: %d and %d", a, b, x, y)
		}
		apkversion.ComparePrefix(a, b)
		if v, err := apkversion.Parse(a); err == nil && v.String() != a {
			t.Errorf("%q is %q", a, v)
		}
	})
}
