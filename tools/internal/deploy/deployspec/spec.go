// Package deployspec reads deploy specs: what ocideploy is to push or load, as the Starlark rules wrote it down at
// build time (docs/formats.md, "Deploy spec").
package deployspec

import (
	"errors"
	"fmt"
	"os"

	"github.com/rules-apk/rules_apk/tools/internal/jsondoc"
	"github.com/rules-apk/rules_apk/tools/internal/oci/layerspec"
)

// Version is the version of the format that this package reads.
const Version = 1

// The commands that a spec may name.
const (
	Push = "push"
	Load = "load"
)

// Spec is a whole deploy spec. Paths in it are runfiles paths or absolute until Resolve has made them paths of the file
// system.
type Spec struct {
	Version    int               `json:"version"`
	Command    string            `json:"command"`
	Images     []Image           `json:"images"`
	Layers     []layerspec.Layer `json:"layers,omitempty"`
	Layouts    []string          `json:"layouts,omitempty"`
	PullFrom   []string          `json:"pull_from,omitempty"`
	StampFiles []string          `json:"stamp_files,omitempty"`
	// Insecure are the registries that are spoken to without TLS.
	Insecure []string `json:"insecure_registries,omitempty"`
}

// Image is one image or index and its destination.
type Image struct {
	Descriptor string     `json:"descriptor"`
	Index      string     `json:"index,omitempty"`
	Manifests  []Manifest `json:"manifests"`
	Repository string     `json:"repository"`
	Tags       []string   `json:"tags,omitempty"`
	TagFiles   []string   `json:"tag_files,omitempty"`
	MountFrom  []string   `json:"mount_from,omitempty"`
}

// Manifest is a manifest and the config that it names.
type Manifest struct {
	Manifest string `json:"manifest"`
	Config   string `json:"config"`
}

// Read reads and checks the spec in the file path, and resolves its paths.
func Read(path string, resolve func(string) (string, error)) (*Spec, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading deploy spec: %w", err)
	}
	spec, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("deploy spec %s: %w", path, err)
	}
	if err := spec.Resolve(resolve); err != nil {
		return nil, fmt.Errorf("deploy spec %s: %w", path, err)
	}
	return spec, nil
}

// Parse reads a spec and checks its shape; it opens no file.
func Parse(data []byte) (*Spec, error) {
	var spec Spec
	if err := jsondoc.Parse(data, &spec); err != nil {
		return nil, err
	}
	if err := spec.check(); err != nil {
		return nil, err
	}
	return &spec, nil
}

func (s *Spec) check() error {
	if s.Version != Version {
		return fmt.Errorf("version is %d, want %d; build with the rules and the tools of one release", s.Version, Version)
	}
	if s.Command != Push && s.Command != Load {
		return fmt.Errorf("command is %q, want %q or %q", s.Command, Push, Load)
	}
	if len(s.Images) == 0 {
		return errors.New("images is empty, want at least one")
	}
	for i, image := range s.Images {
		if err := image.check(); err != nil {
			return fmt.Errorf("images[%d]: %w", i, err)
		}
	}
	for i, layer := range s.Layers {
		if err := layer.Check(); err != nil {
			return fmt.Errorf("layers[%d]: %w", i, err)
		}
	}
	return nil
}

func (m *Image) check() error {
	if m.Descriptor == "" {
		return errors.New("descriptor is missing")
	}
	if len(m.Manifests) == 0 {
		return errors.New("manifests is empty, want at least one")
	}
	if m.Index == "" && len(m.Manifests) != 1 {
		return fmt.Errorf("has %d manifests, want one, or an index", len(m.Manifests))
	}
	for i, manifest := range m.Manifests {
		if manifest.Manifest == "" || manifest.Config == "" {
			return fmt.Errorf("manifests[%d]: wants both manifest and config", i)
		}
	}
	return nil
}

// Resolve replaces every path of s with what resolve says it is.
func (s *Spec) Resolve(resolve func(string) (string, error)) error {
	for _, path := range s.paths() {
		if *path == "" {
			continue
		}
		resolved, err := resolve(*path)
		if err != nil {
			return err
		}
		*path = resolved
	}
	return nil
}

func (s *Spec) paths() []*string {
	var paths []*string
	each := func(list []string) {
		for i := range list {
			paths = append(paths, &list[i])
		}
	}
	for i := range s.Images {
		image := &s.Images[i]
		paths = append(paths, &image.Descriptor, &image.Index)
		for j := range image.Manifests {
			paths = append(paths, &image.Manifests[j].Manifest, &image.Manifests[j].Config)
		}
		each(image.TagFiles)
	}
	for i := range s.Layers {
		paths = append(paths, s.Layers[i].Paths()...)
	}
	each(s.Layouts)
	each(s.StampFiles)
	return paths
}
