package main

import (
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/lock/lockdiff"
)

// A licence is whatever a package says: it makes no lines of its own.
func TestDiffOfForeignText(t *testing.T) {
	d := &lockdiff.Diff{Changes: []lockdiff.Change{{Event: lockdiff.Event{
		Name: "busybox", Kind: lockdiff.Added, New: "1-r0", NewLicense: "MIT\nadded\topenssl\x1b[2J",
	}}}}
	for name, format := range map[string]diffFormat{"text": writeDiffText, "Markdown": writeDiffMarkdown} {
		var out strings.Builder
		if err := format(&out, review{Diff: d}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), `MIT\u000aadded\u0009openssl\u001b[2J`) {
			t.Errorf("%s: %q", name, out.String())
		}
	}
}
