// Package nearest finds the known name that a mistyped one was probably meant to be.
package nearest

import (
	"iter"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// Name returns the known name that is the fewest edits away from name, or "" if all differ in more than a third of its
// letters (but two edits are always allowed to a name of four letters or more). Of equally near ones it returns the one
// that sorts first.
func Name(name string, known iter.Seq[string]) string {
	length := utf8.RuneCountInString(name)
	limit := length / 3
	if length >= 4 {
		limit = max(limit, 2)
	} else {
		limit = max(limit, 1)
	}
	best, distance := "", limit+1
	for candidate := range known {
		if candidate == name && name != "" {
			return name // Bytes that are no UTF-8 all look alike to the distance.
		}
		// The distance is at least the difference in length: this spares most of the work on a repository's thousands
		// of names.
		if diff := utf8.RuneCountInString(candidate) - length; diff > distance || -diff > distance {
			continue
		}
		d := levenshtein.ComputeDistance(name, candidate)
		if d < distance || d == distance && best != "" && candidate < best {
			best, distance = candidate, d
		}
	}
	return best
}
