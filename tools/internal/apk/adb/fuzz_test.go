package adb

import (
	"errors"
	"strings"
	"testing"
)

// Only what begins as the manual page says is of version 3.
func FuzzDetect(f *testing.F) {
	for _, seed := range []string{"ADB.", "ADBd", "ADBc\x02", "AD", "\x1f\x8b\x08\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, prefix []byte) {
		is := len(prefix) >= PrefixLen && strings.Contains("ADB. ADBd ADBc", string(prefix[:PrefixLen])) && prefix[3] != ' ' && prefix[0] == 'A'
		if err := Detect(prefix); errors.Is(err, ErrVersion3) != is {
			t.Errorf("%q: %v", prefix, err)
		}
	})
}
