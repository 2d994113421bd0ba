package ociimage

import (
	"bytes"
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
)

// Request says what an image consists of.
type Request struct {
	Platform v1.Platform
	// Base is the image to put layers upon; nil for an image from nothing.
	Base *Base
	// Layers are added in this order, above those of Base.
	Layers []ocilayer.Descriptor
	// Config is merged over the config of Base, see mergeConfig. In values of its variables, $NAME and ${NAME} are those of
	// the base's, and $$ is a dollar sign.
	Config v1.Config
	// Annotations of the manifest. Those of Base are not inherited: they describe another image.
	Annotations map[string]string
	Created     time.Time
}

// Base is an image as the bytes of its two documents.
type Base struct{ Manifest, Config []byte }

// Image is a finished image: two documents and the descriptor of the manifest.
type Image struct {
	Manifest, Config []byte
	Descriptor       v1.Descriptor
}

// Build makes the manifest and the config that r asks for. It needs no layer's bytes.
func Build(r Request) (*Image, error) {
	config := &v1.ConfigFile{RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{}}}
	layers := []v1.Descriptor{}
	if r.Base != nil {
		var err error
		if config, layers, err = r.Base.parse(); err != nil {
			return nil, err
		}
		if err := samePlatform(config, r.Platform); err != nil {
			return nil, err
		}
	}
	config.OS, config.Architecture, config.Variant = r.Platform.OS, r.Platform.Architecture, r.Platform.Variant
	config.Created = v1.Time{Time: r.Created.UTC()}
	// Left over from the build of the base by some builders; they say nothing true of this image.
	config.Container, config.DockerVersion, config.Config.Image = "", "", ""

	for _, l := range r.Layers {
		layers = append(layers, l.OCI())
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, l.DiffID)
		config.History = append(config.History, v1.History{
			Created:   v1.Time{Time: r.Created.UTC()},
			CreatedBy: "rules_apk",
			Comment:   l.Name,
		})
	}
	over := r.Config
	var err error
	if over.Env, err = expandEnv(over.Env, config.Config.Env); err != nil {
		return nil, err
	}
	config.Config = mergeConfig(config.Config, over)

	configData, err := canonical(config)
	if err != nil {
		return nil, fmt.Errorf("image config: %w", err)
	}
	manifestData, err := canonical(v1.Manifest{
		SchemaVersion: 2,
		MediaType:     types.OCIManifestSchema1,
		Config: v1.Descriptor{
			MediaType: types.OCIConfigJSON,
			Size:      int64(len(configData)),
			Digest:    digestOf(configData),
		},
		Layers:      layers,
		Annotations: r.Annotations,
	})
	if err != nil {
		return nil, fmt.Errorf("image manifest: %w", err)
	}
	platform := r.Platform
	return &Image{
		Manifest: manifestData,
		Config:   configData,
		Descriptor: v1.Descriptor{
			MediaType: types.OCIManifestSchema1,
			Size:      int64(len(manifestData)),
			Digest:    digestOf(manifestData),
			Platform:  &platform,
		},
	}, nil
}

func samePlatform(base *v1.ConfigFile, want v1.Platform) error {
	if base.OS == want.OS && base.Architecture == want.Architecture &&
		(base.Variant == want.Variant || base.Variant == "" || want.Variant == "") {
		return nil
	}
	return fmt.Errorf("base image: platform is %s, want %s; give a base for that platform", base.Platform(), want)
}

func (b *Base) parse() (*v1.ConfigFile, []v1.Descriptor, error) {
	manifest, err := v1.ParseManifest(bytes.NewReader(b.Manifest))
	if err != nil {
		return nil, nil, fmt.Errorf("base manifest: %w", err)
	}
	if got := digestOf(b.Config); got != manifest.Config.Digest {
		return nil, nil, fmt.Errorf("base config: digest is %s, but the base manifest wants %s; give the two of one image", got, manifest.Config.Digest)
	}
	config, err := v1.ParseConfigFile(bytes.NewReader(b.Config))
	if err != nil {
		return nil, nil, fmt.Errorf("base config: %w", err)
	}
	if len(config.RootFS.DiffIDs) != len(manifest.Layers) {
		return nil, nil, fmt.Errorf("base config: got %d diff_ids, but the base manifest has %d layers", len(config.RootFS.DiffIDs), len(manifest.Layers))
	}
	layers := manifest.Layers
	for i := range layers {
		mediaType, err := ociLayerType(layers[i].MediaType)
		if err != nil {
			return nil, nil, fmt.Errorf("base manifest: layer %d: %w", i, err)
		}
		layers[i].MediaType = mediaType
	}
	config.History = historyFor(config.History, layers)
	return config, layers, nil
}

// ociLayerType gives the OCI name of a layer's type: a Docker layer is the same bytes under another name, and an OCI
// manifest must not list Docker's.
func ociLayerType(t types.MediaType) (types.MediaType, error) {
	switch t {
	case types.OCILayer, types.OCILayerZStd, types.OCIUncompressedLayer, types.OCIRestrictedLayer, types.OCIUncompressedRestrictedLayer:
		return t, nil
	case types.DockerLayer:
		return types.OCILayer, nil
	case types.DockerUncompressedLayer:
		return types.OCIUncompressedLayer, nil
	case types.DockerForeignLayer:
		return types.OCIRestrictedLayer, nil
	}
	return "", fmt.Errorf("mediaType is %q, want a layer's", t)
}

// historyFor returns the history if it has one entry for each layer, else one made up: tools count the entries.
func historyFor(history []v1.History, layers []v1.Descriptor) []v1.History {
	full := 0
	for _, h := range history {
		if !h.EmptyLayer {
			full++
		}
	}
	if full == len(layers) {
		return history
	}
	made := make([]v1.History, len(layers))
	for i := range made {
		made[i] = v1.History{Comment: "layer of the base image"}
	}
	return made
}
