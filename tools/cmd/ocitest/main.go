// Command ocitest is what oci_test targets run: it compares an image with what its test expects. It reads the spec
// (docs/formats.md, "Image test") in the file beside it that has its name and ".ocitest.json".
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/imagetest"
	"github.com/rules-apk/rules_apk/tools/internal/ocilayer"
)

func main() {
	if err := run(os.Args, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "ocitest: error: %v\n", err)
		os.Exit(1)
	}
}

// spec is what oci_test writes. Paths are relative to the working directory of tests, which is where runfiles are.
type spec struct {
	Manifest string                 `json:"manifest"`
	Config   string                 `json:"config"`
	Layers   []specLayer            `json:"layers"`
	Expect   *imagetest.Expectation `json:"expect"`
}

type specLayer struct {
	Descriptor     json.RawMessage `json:"descriptor"`
	DescriptorFile string          `json:"descriptor_file"`
	Blob           string          `json:"blob"`
}

func run(args []string, stdout io.Writer) error {
	data, err := os.ReadFile(args[0] + ".ocitest.json")
	if err != nil {
		return fmt.Errorf("reading the test's spec: %w", err)
	}
	var s spec
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return fmt.Errorf("reading the test's spec: %w", err)
	}
	image, err := s.image()
	if err != nil {
		return err
	}
	problems, err := s.Expect.Check(image)
	if err != nil {
		return err
	}
	for _, problem := range problems {
		fmt.Fprintln(stdout, problem)
	}
	if len(problems) > 0 {
		return fmt.Errorf("the image is not as expected: %d differences, listed above", len(problems))
	}
	return nil
}

func (s *spec) image() (*imagetest.Image, error) {
	image := &imagetest.Image{}
	if err := readJSON(s.Manifest, &image.Manifest); err != nil {
		return nil, err
	}
	if err := readJSON(s.Config, &image.Config); err != nil {
		return nil, err
	}
	blobs := map[v1.Hash]func() (io.ReadCloser, error){}
	for _, l := range s.Layers {
		digest, open, err := l.open()
		if err != nil {
			return nil, err
		}
		blobs[digest] = open
	}
	for _, l := range image.Manifest.Layers {
		open, ok := blobs[l.Digest]
		if !ok {
			return nil, fmt.Errorf("%s names layer %s, whose bytes the test does not have", s.Manifest, l.Digest)
		}
		image.Layers = append(image.Layers, open)
	}
	return image, nil
}

// open returns the layer's digest and what opens its range of the blob.
func (l *specLayer) open() (v1.Hash, func() (io.ReadCloser, error), error) {
	text := []byte(l.Descriptor)
	if l.DescriptorFile != "" {
		var err error
		if text, err = os.ReadFile(l.DescriptorFile); err != nil {
			return v1.Hash{}, nil, err
		}
	}
	d, err := ocilayer.Parse(text)
	if err != nil {
		return v1.Hash{}, nil, err
	}
	return d.Digest, func() (io.ReadCloser, error) {
		f, err := os.Open(l.Blob)
		if err != nil {
			return nil, err
		}
		return struct {
			io.Reader
			io.Closer
		}{io.NewSectionReader(f, d.Offset, d.Size), f}, nil
	}, nil
}

func readJSON(path string, dst any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, dst); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	return nil
}
