// Command ocitest is what oci_test targets run: it compares an image with what its test expects. It reads the spec
// (docs/formats.md, "Image test") in the file beside it that has its name and ".ocitest.json".
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
	"github.com/rules-apk/rules_apk/tools/internal/test/imagetest"
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
	Layouts  []string               `json:"layouts"`
	Expect   *imagetest.Expectation `json:"expect"`
}

type specLayer struct {
	Descriptor     json.RawMessage `json:"descriptor"`
	DescriptorFile string          `json:"descriptor_file"`
	Blob           string          `json:"blob"`
	Facts          string          `json:"facts"`
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
	layers := map[v1.Hash]imagetest.Layer{}
	for _, l := range s.Layers {
		digest, layer, err := l.read()
		if err != nil {
			return nil, err
		}
		layers[digest] = layer
	}
	for _, l := range image.Manifest.Layers {
		layer, ok := layers[l.Digest]
		if !ok {
			if layer, ok = s.inLayouts(l); !ok {
				return nil, fmt.Errorf("%s names layer %s, whose bytes the test does not have", s.Manifest, l.Digest)
			}
		}
		image.Layers = append(image.Layers, layer)
	}
	return image, nil
}

// read returns the layer's digest and its content: the facts of it, or else its range of the blob.
func (l *specLayer) read() (v1.Hash, imagetest.Layer, error) {
	text := []byte(l.Descriptor)
	if l.DescriptorFile != "" {
		var err error
		if text, err = os.ReadFile(l.DescriptorFile); err != nil {
			return v1.Hash{}, imagetest.Layer{}, err
		}
	}
	d, err := ocilayer.Parse(text)
	if err != nil {
		return v1.Hash{}, imagetest.Layer{}, err
	}
	if l.Facts == "" {
		return d.Digest, imagetest.Layer{Open: opener(l.Blob, d.Offset, d.Size)}, nil
	}
	if text, err = os.ReadFile(l.Facts); err != nil {
		return v1.Hash{}, imagetest.Layer{}, err
	}
	facts, err := apkfacts.Parse(text)
	if err != nil {
		return v1.Hash{}, imagetest.Layer{}, fmt.Errorf("reading %s: %w", l.Facts, err)
	}
	if facts.Layer.Digest != d.Digest {
		return v1.Hash{}, imagetest.Layer{}, fmt.Errorf("%s is of layer %s, want %s", l.Facts, facts.Layer.Digest, d.Digest)
	}
	return d.Digest, imagetest.Layer{Entries: facts.Entries}, nil
}

// inLayouts looks a layer of a base image up.
func (s *spec) inLayouts(d v1.Descriptor) (imagetest.Layer, bool) {
	for _, dir := range s.Layouts {
		path := filepath.Join(dir, "blobs", d.Digest.Algorithm, d.Digest.Hex)
		if _, err := os.Stat(path); err == nil {
			return imagetest.Layer{Open: opener(path, 0, d.Size)}, true
		}
	}
	return imagetest.Layer{}, false
}

func opener(path string, offset, size int64) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		return struct {
			io.Reader
			io.Closer
		}{io.NewSectionReader(f, offset, size), f}, nil
	}
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
