// Package ocilayer describes layers of OCI images and writes them deterministically.
package ocilayer

import (
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/rules-apk/rules_apk/tools/internal/jsondoc"
)

// Descriptor tells all that an image needs to know of a layer, and where in a file its bytes are.
//
// Its JSON form is one line; docs/formats.md specifies it.
type Descriptor struct {
	MediaType types.MediaType `json:"mediaType"`
	Digest    v1.Hash         `json:"digest"`  // of the layer's bytes as they travel
	Size      int64           `json:"size"`    // of the layer's bytes as they travel
	DiffID    v1.Hash         `json:"diff_id"` // of the uncompressed tar
	// Offset is where in its blob file the layer begins; a package's layer is its data section.
	Offset int64 `json:"offset,omitempty"`
	// Name goes into the image's history: what the layer holds, such as "musl-1.2.4-r0".
	Name string `json:"name,omitempty"`
}

// Parse reads a descriptor's JSON. Unknown fields, a missing digest or a size below zero are errors.
func Parse(data []byte) (Descriptor, error) {
	var d Descriptor
	if err := jsondoc.Parse(data, &d); err != nil {
		return Descriptor{}, fmt.Errorf("layer descriptor: %w", err)
	}
	switch {
	case d.MediaType == "":
		return Descriptor{}, fmt.Errorf("layer descriptor: mediaType is missing")
	case d.Digest == v1.Hash{}:
		return Descriptor{}, fmt.Errorf("layer descriptor: digest is missing")
	case d.DiffID == v1.Hash{}:
		return Descriptor{}, fmt.Errorf("layer descriptor: diff_id is missing")
	case d.Size < 0 || d.Offset < 0:
		return Descriptor{}, fmt.Errorf("layer descriptor: got size %d and offset %d, want none below zero", d.Size, d.Offset)
	}
	return d, nil
}

// JSON returns the descriptor as docs/formats.md specifies it, one line with its line end.
func (d Descriptor) JSON() ([]byte, error) {
	data, err := jsondoc.Line(d)
	if err != nil {
		return nil, fmt.Errorf("layer descriptor: %w", err)
	}
	return data, nil
}

// OCI returns the descriptor as a manifest lists it: without what only the building of an image needs.
func (d Descriptor) OCI() v1.Descriptor {
	return v1.Descriptor{MediaType: d.MediaType, Size: d.Size, Digest: d.Digest}
}
