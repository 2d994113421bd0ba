package lockfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/jsondoc"
)

// Parse reads a lock and checks it. Everything that a careless edit or merge can break is an error that names package,
// field, got and want.
func Parse(data []byte) (*Lock, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, ErrEmpty
	}
	var head struct {
		Version *int `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, describe(data, err)
	}
	if head.Version == nil {
		return nil, fmt.Errorf("no version; want %d", Version)
	}
	if *head.Version != Version {
		return nil, fmt.Errorf("version is %d, want %d: another release of rules_apk wrote it", *head.Version, Version)
	}
	var l Lock
	if err := jsondoc.Parse(data, &l); err != nil {
		return nil, describe(data, err)
	}
	if err := jsondoc.Keys(data, lowerCase); err != nil {
		return nil, err
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	return &l, nil
}

// lowerCase refuses keys that Go's reader takes for a field of that name, and Bazel's does not.
func lowerCase(key string, _ bool) error {
	if lower := strings.ToLower(key); lower != key {
		return fmt.Errorf("key %q, want %q: fields of a lock are in lower case", key, lower)
	}
	return nil
}

// ErrEmpty is the error of Parse for an empty file, which is what users commit before they lock for the first time.
var ErrEmpty = errors.New("the lock is empty")

// describe adds the line to JSON's errors.
func describe(data []byte, err error) error {
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	offset := int64(-1)
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &typ):
		offset = typ.Offset
	}
	if offset < 0 || offset > int64(len(data)) {
		return err
	}
	return fmt.Errorf("line %d: %w", bytes.Count(data[:offset], []byte("\n"))+1, err)
}
