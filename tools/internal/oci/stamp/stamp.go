// Package stamp puts values of Bazel's workspace status into texts: {STABLE_GIT_COMMIT} becomes what the command of
// --workspace_status_command printed for that key.
package stamp

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

// Status is what the status files say, by key.
type Status map[string]string

// Read reads status files: lines of a key, a space and a value. Of two files that have a key, the later counts.
func Read(paths []string) (Status, error) {
	status := Status{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading stamp file: %w", err)
		}
		for line := range strings.Lines(string(data)) {
			if key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), " "); ok {
				status[key] = value
			}
		}
	}
	return status, nil
}

// key matches what stands for a value. Keys of Bazel are in capitals: {id} and {"a": 1} are texts like others.
func key() *regexp.Regexp { return regexp.MustCompile(`\{[A-Z][A-Z0-9_]*\}`) }

// HasKey tells whether text wants a value.
func HasKey(text string) bool { return key().MatchString(text) }

// Expand replaces every {KEY} of text. A key that s lacks is a *MissingError.
func (s Status) Expand(text string) (string, error) {
	missing := ""
	expanded := key().ReplaceAllStringFunc(text, func(match string) string {
		value, ok := s[match[1:len(match)-1]]
		if !ok && missing == "" {
			missing = match[1 : len(match)-1]
		}
		return value
	})
	if missing != "" {
		return "", &MissingError{Text: text, Key: missing}
	}
	return expanded, nil
}

// ExpandAll returns values with every {KEY} replaced. If there is no status, because the build is not stamped, values
// that want one are left out: it is not known what they would be.
func (s Status) ExpandAll(values map[string]string) (map[string]string, error) {
	out := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if len(s) == 0 && HasKey(values[name]) {
			continue
		}
		var err error
		if out[name], err = s.Expand(values[name]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// MissingError says that the status has no value for a key.
type MissingError struct{ Text, Key string }

func (e *MissingError) Error() string {
	return fmt.Sprintf("%q wants %s, which Bazel's status files lack; print it from the command of --workspace_status_command", e.Text, e.Key)
}
