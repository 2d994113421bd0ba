// Package jsondoc reads and writes JSON as the formats of docs/formats.md have it: what no field is for is an error
// when reading, and nothing is escaped that need not be when writing, since the bytes are hashed and read by people.
// What two readers of JSON understand in two ways is an error as well: Bazel reads some of the same documents.
package jsondoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Parse decodes data, which is one JSON value, into what dst points to. Unknown fields, a key that an object has twice,
// bytes that are not UTF-8, and text after the value are errors.
func Parse(data []byte, dst any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(dst); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("got more after the first JSON value, want one only")
	}
	if !utf8.Valid(data) {
		return errors.New("got bytes that are not UTF-8, want JSON in UTF-8")
	}
	return Keys(data, func(key string, again bool) error {
		if again {
			return fmt.Errorf("key %q is twice in one object, want it once", key)
		}
		return nil
	})
}

// Keys calls visit with each key of each object in data, which is valid JSON, in the order of the text, until visit
// returns an error, and returns that. again says that the object has had the key before.
func Keys(data []byte, visit func(key string, again bool) error) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	// Of each object and list that is open: the keys so far, nil for a list, and whether a value comes next.
	type open struct {
		keys  map[string]bool
		value bool
	}
	var stack []open
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch in := len(stack) - 1; token {
		case json.Delim('{'):
			stack = append(stack, open{keys: map[string]bool{}})
			continue
		case json.Delim('['):
			stack = append(stack, open{})
			continue
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:in]
		default:
			if key, ok := token.(string); ok && in >= 0 && stack[in].keys != nil && !stack[in].value {
				if err := visit(key, stack[in].keys[key]); err != nil {
					return err
				}
				stack[in].keys[key], stack[in].value = true, true
				continue
			}
		}
		if in := len(stack) - 1; in >= 0 {
			stack[in].value = false
		}
	}
}

// Line encodes v on one line, with its line end.
func Line(v any) ([]byte, error) { return Lines(v, "") }

// Lines encodes v with a line for each member and item, which indent sets in, and with the last line's end.
func Lines(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
