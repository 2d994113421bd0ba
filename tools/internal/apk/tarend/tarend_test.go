package tarend_test

import (
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/tarend"
)

func TestCheck(t *testing.T) {
	for rest, want := range map[string]string{
		"":                                  "",
		strings.Repeat("\x00", 10240):       "",
		strings.Repeat("\x00", 1<<20):       "",
		strings.Repeat("\x00", 1<<20+1):     "more than 1048576 zeros",
		strings.Repeat("\x00", 99999) + "x": "more than zeros",
		"x":                                 "more than zeros",
	} {
		err := tarend.Check(strings.NewReader(rest))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%d bytes: %v, want %q", len(rest), err, want)
		}
	}
}
