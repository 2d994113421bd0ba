package deployspec

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// Stamp fills in what is known only when the spec is used: it replaces every
// {KEY} in repositories and tags by what the stamp files say, and adds the tags
// that the tag files hold. A key that they lack is an error.
func (s *Spec) Stamp() error {
	status := map[string]string{}
	for _, path := range s.StampFiles {
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("reading stamp file: %w", err)
		}
		for line := range strings.Lines(string(data)) {
			if key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), " "); ok {
				status[key] = value
			}
		}
	}
	for i := range s.Images {
		if err := s.Images[i].stamp(status, len(s.StampFiles) > 0); err != nil {
			return fmt.Errorf("images[%d]: %w", i, err)
		}
	}
	return nil
}

func (m *Image) stamp(status map[string]string, stamped bool) error {
	var err error
	if m.Repository, err = expand(m.Repository, status, stamped); err != nil {
		return fmt.Errorf("repository %w", err)
	}
	tags := slices.Clone(m.Tags)
	for _, path := range m.TagFiles {
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("reading tags: %w", err)
		}
		tags = append(tags, strings.Fields(string(data))...)
	}
	for i := range tags {
		if tags[i], err = expand(tags[i], status, stamped); err != nil {
			return fmt.Errorf("tag %w", err)
		}
	}
	m.Tags, m.TagFiles = tags, nil
	return nil
}

func expand(text string, status map[string]string, stamped bool) (string, error) {
	var missing []string
	expanded := regexp.MustCompile(`\{[A-Za-z0-9_]+\}`).ReplaceAllStringFunc(text, func(match string) string {
		key := match[1 : len(match)-1]
		value, ok := status[key]
		if !ok {
			missing = append(missing, key)
		}
		return value
	})
	if missing == nil {
		return expanded, nil
	}
	if !stamped {
		return "", fmt.Errorf("%q wants %s, but the target is not stamped; build it with --stamp, or set stamp = 1", text, missing[0])
	}
	return "", fmt.Errorf("%q wants %s, which Bazel's status files lack; print it from the command of --workspace_status_command", text, missing[0])
}
