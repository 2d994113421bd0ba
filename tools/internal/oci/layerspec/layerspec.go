// Package layerspec reads what the specs of programs say of a layer: its descriptor, and where its bytes can be had.
// One function of the Starlark rules writes it; docs/formats.md, "Layers in specs", is its format.
package layerspec

import (
	"encoding/json"
	"errors"
	"os"

	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
)

// Layer is a layer as a spec names it. Exactly one of Descriptor and DescriptorFile is set, and at least one of Blob,
// URLs and Facts. Paths are what the spec's format says that they are.
type Layer struct {
	Descriptor     json.RawMessage `json:"descriptor,omitempty"`
	DescriptorFile string          `json:"descriptor_file,omitempty"`
	// Blob is the file whose bytes from the descriptor's offset on are the layer.
	Blob string `json:"blob,omitempty"`
	// URLs are where the same file can be fetched.
	URLs []string `json:"urls,omitempty"`
	// Facts is a file that lists the layer's entries, for programs that need no more.
	Facts string `json:"facts,omitempty"`
}

// Check says what is wrong with the shape of l; it opens no file.
func (l *Layer) Check() error {
	if (l.Descriptor == nil) == (l.DescriptorFile == "") {
		return errors.New("wants one of descriptor and descriptor_file")
	}
	if l.Blob == "" && l.Facts == "" && len(l.URLs) == 0 {
		return errors.New("wants blob or urls")
	}
	return nil
}

// Paths are the paths of files in l, for who resolves them; some may be empty.
func (l *Layer) Paths() []*string { return []*string{&l.DescriptorFile, &l.Blob, &l.Facts} }

// Read reads and checks the descriptor.
func (l *Layer) Read() (ocilayer.Descriptor, error) {
	if err := l.Check(); err != nil {
		return ocilayer.Descriptor{}, err
	}
	text := []byte(l.Descriptor)
	if l.DescriptorFile != "" {
		var err error
		if text, err = os.ReadFile(l.DescriptorFile); err != nil {
			return ocilayer.Descriptor{}, err
		}
	}
	return ocilayer.Parse(text)
}
