// Command ocitest is what oci_test targets run: it compares an image with what its test expects. It reads the spec
// (docs/formats.md, "Image test") in the file beside it that has its name and ".ocitest.json".
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/ociblob"
	"github.com/rules-apk/rules_apk/tools/internal/jsondoc"
	"github.com/rules-apk/rules_apk/tools/internal/oci/layerspec"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocidoc"
	"github.com/rules-apk/rules_apk/tools/internal/test/imagetest"
)

func main() {
	cli.Main("ocitest", nil, func(ctx context.Context, p *cli.Process, _ []string) error {
		return run(ctx, []string{p.Argv0}, p.Stdout)
	})
}

// spec is what oci_test writes. Paths are relative to the working directory of tests, which is where runfiles are.
type spec struct {
	Images  []specImage            `json:"images"`
	Layers  []layerspec.Layer      `json:"layers"`
	Layouts []string               `json:"layouts"`
	Expect  *imagetest.Expectation `json:"expect"`
}

type specImage struct {
	Manifest string `json:"manifest"`
	Config   string `json:"config"`
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	s, err := readSpec(args[0] + ".ocitest.json")
	if err != nil {
		return err
	}
	layers, err := readLayers(s)
	if err != nil {
		return err
	}
	differences := 0
	for _, documents := range s.Images {
		image, err := layers.image(ctx, documents)
		if err != nil {
			return err
		}
		problems, err := s.Expect.Check(image)
		if err != nil {
			return fmt.Errorf("%s: %w", documents.Manifest, err)
		}
		for _, problem := range problems {
			if len(s.Images) > 1 {
				problem = image.Config.Platform().String() + ": " + problem
			}
			fmt.Fprintln(stdout, problem)
		}
		differences += len(problems)
	}
	if differences > 0 {
		return fmt.Errorf("the image is not as expected: %d differences, listed above", differences)
	}
	return nil
}

func readSpec(path string) (*spec, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the test's spec: %w", err)
	}
	var s spec
	if err := jsondoc.Parse(data, &s); err != nil {
		return nil, fmt.Errorf("reading the test's spec: %w", err)
	}
	if len(s.Images) == 0 || s.Expect == nil {
		return nil, fmt.Errorf("reading the test's spec: %s has no image or no expectation, want both", path)
	}
	return &s, nil
}

// layers is what the layers of all images hold.
type layers struct {
	blobs ociblob.Store
	facts map[v1.Hash][]apkfacts.Entry // of those whose facts are given
}

func readLayers(s *spec) (*layers, error) {
	l := &layers{blobs: ociblob.Store{Layouts: s.Layouts}, facts: map[v1.Hash][]apkfacts.Entry{}}
	for i, layer := range s.Layers {
		desc, err := l.blobs.AddLayer(layer)
		if err != nil {
			return nil, fmt.Errorf("layers[%d]: %w", i, err)
		}
		if layer.Facts == "" {
			continue
		}
		text, err := os.ReadFile(layer.Facts)
		if err != nil {
			return nil, err
		}
		facts, err := apkfacts.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", layer.Facts, err)
		}
		if facts.Layer.Digest != desc.Digest {
			return nil, fmt.Errorf("%s is of layer %s, want %s", layer.Facts, facts.Layer.Digest, desc.Digest)
		}
		l.facts[desc.Digest] = facts.Entries
	}
	return l, nil
}

// image reads an image's documents and finds its layers.
func (l *layers) image(ctx context.Context, documents specImage) (*imagetest.Image, error) {
	manifest, err := os.ReadFile(documents.Manifest)
	if err != nil {
		return nil, err
	}
	config, err := os.ReadFile(documents.Config)
	if err != nil {
		return nil, err
	}
	read, err := ocidoc.BuiltImage(manifest, config)
	if err != nil {
		return nil, fmt.Errorf("reading %s and %s: %w", documents.Manifest, documents.Config, err)
	}
	image := &imagetest.Image{Manifest: *read.Manifest(), Config: *read.Config()}
	for _, desc := range image.Manifest.Layers {
		entries, known := l.facts[desc.Digest]
		layer := imagetest.Layer{Entries: entries}
		if !known {
			layer.Open = func() (io.ReadCloser, error) { return l.blobs.Open(ctx, desc) }
		}
		image.Layers = append(image.Layers, layer)
	}
	return image, nil
}
