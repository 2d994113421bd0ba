package nearest_test

import (
	"slices"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/nearest"
)

func TestName(t *testing.T) {
	known := []string{"zlib", "openssl", "openssh", "busybox", "musl", "libssl3", "bash", "dash"}
	for _, tt := range []struct{ name, want string }{
		{"opensl", "openssl"},
		{"opensss", "openssh"}, // openssl is as near: the first in order
		{"muls", "musl"},
		{"buzybox", "busybox"},
		{"cash", "bash"},
		{"python", ""},
		{"", ""},
		{"x", ""},
	} {
		if got := nearest.Name(tt.name, slices.Values(known)); got != tt.want {
			t.Errorf("Name(%q) = %q, want %q", tt.name, got, tt.want)
		}
		reversed := slices.Clone(known)
		slices.Reverse(reversed)
		if got := nearest.Name(tt.name, slices.Values(reversed)); got != tt.want {
			t.Errorf("Name(%q), other order = %q, want %q", tt.name, got, tt.want)
		}
	}
}
