// Package jsondoc reads and writes JSON as the formats of docs/formats.md have it: what no field is for is an error when
// reading, and nothing is escaped that need not be when writing, since the bytes are hashed and read by people.
package jsondoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// Parse decodes data, which is one JSON value, into what dst points to. Unknown fields and text after the value are
// errors.
func Parse(data []byte, dst any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(dst); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("got more after the first JSON value, want one only")
	}
	return nil
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
