package deployspec

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/oci/stamp"
)

// Stamp fills in what is known only when the spec is used: it replaces every {KEY} in repositories and tags by what the
// stamp files say, and adds the tags that the tag files hold. A key that they lack is an error.
func (s *Spec) Stamp() error {
	status, err := stamp.Read(s.StampFiles)
	if err != nil {
		return err
	}
	for i := range s.Images {
		if err := s.Images[i].stamp(status, len(s.StampFiles) > 0); err != nil {
			return fmt.Errorf("images[%d]: %w", i, err)
		}
	}
	return nil
}

func (m *Image) stamp(status stamp.Status, stamped bool) error {
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

func expand(text string, status stamp.Status, stamped bool) (string, error) {
	expanded, err := status.Expand(text)
	var missing *stamp.MissingError
	if !stamped && errors.As(err, &missing) {
		return "", fmt.Errorf("%q wants %s, but the spec names no stamp_files; write tags with keys into the rule", text, missing.Key)
	}
	return expanded, err
}
