package apktree

import (
	"fmt"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// Exclusion says which paths are left out of an image.
type Exclusion struct{ patterns []string }

// NewExclusion takes glob patterns: "*" and "?" match within one part of a path, "**" any number of parts, and "{a,b}"
// alternatives. A slash in front is of no meaning. What matches is left out with everything in it.
func NewExclusion(patterns []string) (*Exclusion, error) {
	x := &Exclusion{}
	for _, p := range patterns {
		clean := strings.Trim(p, "/")
		if clean == "" || !doublestar.ValidatePattern(clean) {
			return nil, fmt.Errorf("exclude: got %q, want a pattern such as usr/share/man/**", p)
		}
		x.patterns = append(x.patterns, clean)
	}
	return x, nil
}

// Matches says whether the path, or a directory that it is in, is left out.
func (x *Exclusion) Matches(p imagepath.Path) bool {
	if x == nil || len(x.patterns) == 0 {
		return false
	}
	for ; !p.IsRoot(); p = p.Parent() {
		for _, pattern := range x.patterns {
			// "a/**" matches "a" too, but is meant for what is in it.
			if base, below := strings.CutSuffix(pattern, "/**"); below {
				pattern = base + "/**/*"
			}
			// Match never fails on a valid pattern.
			if ok, _ := doublestar.Match(pattern, p.String()); ok {
				return true
			}
		}
	}
	return false
}
