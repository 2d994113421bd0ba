// Package ociimage makes the JSON documents of OCI images: configs, manifests, indexes and layouts.
//
// The formats are those of the OCI image specification, version 1.1. Every document is deterministic: no clock, keys in
// a fixed order, maps sorted.
package ociimage

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/jsondoc"
)

// canonical encodes v without HTML escapes, on one line with its line end, which is part of what is hashed.
func canonical(v any) ([]byte, error) {
	return jsondoc.Line(v)
}

func digestOf(data []byte) v1.Hash {
	sum := sha256.Sum256(data)
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
}

// ParseDescriptor reads the JSON of an image descriptor, as docs/formats.md specifies it.
func ParseDescriptor(data []byte) (v1.Descriptor, error) {
	var d v1.Descriptor
	if err := jsondoc.Parse(data, &d); err != nil {
		return d, fmt.Errorf("image descriptor: %w", err)
	}
	if d.Digest == (v1.Hash{}) || d.MediaType == "" {
		return d, fmt.Errorf("image descriptor: got mediaType %q and digest %q, want both", d.MediaType, d.Digest)
	}
	return d, nil
}

// EncodeDescriptor writes an image descriptor as ParseDescriptor reads it: one line.
func EncodeDescriptor(d v1.Descriptor) ([]byte, error) {
	data, err := canonical(d)
	if err != nil {
		return nil, fmt.Errorf("image descriptor: %w", err)
	}
	return data, nil
}
