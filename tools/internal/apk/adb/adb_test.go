package adb_test

import (
	"errors"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/adb"
)

func TestDetect(t *testing.T) {
	for _, tt := range []struct {
		prefix string
		v3     bool
	}{
		{"ADB.indx", true},
		{"ADBd\x00\x00", true},
		{"ADBc\x02\x00", true},
		{"ADBx", false},
		{"ADB", false},
		{"\x1f\x8b\x08\x00", false},
		{"", false},
	} {
		err := adb.Detect([]byte(tt.prefix))
		if got := errors.Is(err, adb.ErrVersion3); got != tt.v3 || (err != nil) != tt.v3 {
			t.Errorf("Detect(%q) = %v, want version 3: %v", tt.prefix, err, tt.v3)
		}
	}
}
