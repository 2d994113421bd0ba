package locker

import (
	"slices"

	"github.com/rules-apk/rules_apk/tools/internal/lock/apkresolve"
)

// differences are the packages that architectures get different versions of, sorted by name.
func (m *market) differences(s solutions) []apkresolve.Difference {
	var each []*apkresolve.Solution
	for _, arch := range m.config.Archs {
		each = append(each, s[arch])
	}
	return apkresolve.Differences(m.config.Archs, each)
}

// versionNotes has a sentence for each difference.
func (m *market) versionNotes(s solutions) []string {
	var notes []string
	for _, d := range m.differences(s) {
		notes = append(notes, d.String())
	}
	return notes
}

// resolverNotes are what the resolver has to say, once for all architectures that it says it of.
func resolverNotes(archs []string, s solutions) []string {
	var notes []string
	for _, arch := range archs {
		for _, note := range s[arch].Notes {
			if !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
	}
	return notes
}
