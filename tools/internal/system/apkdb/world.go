package apkdb

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
)

// World returns the content of `etc/apk/world`: the constraints that the user asked for, sorted by name, one a line.
func World(constraints []string) ([]byte, error) {
	parsed := make([]apkconstraint.Constraint, 0, len(constraints))
	for _, s := range constraints {
		c, err := apkconstraint.Parse(s)
		if err != nil {
			return nil, fmt.Errorf("world: %w", err)
		}
		parsed = append(parsed, c)
	}
	slices.SortStableFunc(parsed, func(a, b apkconstraint.Constraint) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.String(), b.String()))
	})
	var lines []string
	for _, c := range parsed {
		lines = append(lines, c.String())
	}
	return Lines(slices.Compact(lines))
}

// Lines returns what `etc/apk/world`, `etc/apk/arch` and `etc/apk/repositories` consist of: one value a line. A value
// that would be several is an error.
func Lines(values []string) ([]byte, error) {
	var b bytes.Buffer
	for _, v := range values {
		if strings.ContainsAny(v, "\r\n\x00") {
			return nil, fmt.Errorf("got %q, want one line of text", v)
		}
		fmt.Fprintln(&b, v)
	}
	return b.Bytes(), nil
}
