package ociimage

import (
	"encoding/json"
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/rules-apk/rules_apk/tools/internal/oci/ocidoc"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
)

// Request says what an image consists of.
type Request struct {
	Platform v1.Platform
	// Base is the image to put layers upon; nil for an image from nothing.
	Base *ocidoc.Image
	// Clear are members of Base's config that are not inherited, by their OCI names, such as "Entrypoint".
	Clear []string
	// Layers are added in this order, above those of Base.
	Layers []ocilayer.Descriptor
	// Config is merged over the config of Base, see mergeConfig. In values of its variables, $NAME and ${NAME} are
	// those of the base's, and $$ is a dollar sign.
	Config v1.Config
	// Annotations of the manifest. Those of Base are not inherited: they describe another image.
	Annotations map[string]string
	Created     time.Time
}

// Image is a finished image: two documents and the descriptor of the manifest.
type Image struct {
	Manifest, Config []byte
	Descriptor       v1.Descriptor
}

// Build makes the manifest and the config that r asks for. It needs no layer's bytes.
func Build(r Request) (*Image, error) {
	config := &v1.ConfigFile{RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{}}}
	layers := []v1.Descriptor{}
	var unknown map[string]json.RawMessage
	if r.Base != nil {
		config = r.Base.Config()
		var err error
		if layers, err = ociLayers(r.Base.Manifest().Layers); err != nil {
			return nil, err
		}
		if err := samePlatform(config, r.Platform); err != nil {
			return nil, err
		}
		if unknown, err = unknownMembers(r.Base.RawConfig()); err != nil {
			return nil, err
		}
		config.History = historyFor(config.History, layers)
	}
	for _, member := range r.Clear {
		if err := clearConfig(&config.Config, member); err != nil {
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

	configData, err := encodeConfig(config, unknown)
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

// ociLayers gives layers their OCI types.
func ociLayers(layers []v1.Descriptor) ([]v1.Descriptor, error) {
	out := []v1.Descriptor{}
	for i, layer := range layers {
		mediaType, err := ociLayerType(layer.MediaType)
		if err != nil {
			return nil, fmt.Errorf("base manifest: layer %d: %w", i, err)
		}
		layer.MediaType = mediaType
		out = append(out, layer)
	}
	return out, nil
}

// Types of layers that go-containerregistry has no names for.
const (
	dockerLayerZstd                = types.MediaType("application/vnd.docker.image.rootfs.diff.tar.zstd")
	dockerForeignUncompressedLayer = types.MediaType("application/vnd.docker.image.rootfs.foreign.diff.tar")
	dockerForeignLayerZstd         = types.MediaType("application/vnd.docker.image.rootfs.foreign.diff.tar.zstd")
	ociRestrictedLayerZstd         = types.MediaType("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd")
)

// ociLayerType gives the OCI name of a layer's type: a Docker layer is the same bytes under another name, and an OCI
// manifest must not list Docker's.
func ociLayerType(t types.MediaType) (types.MediaType, error) {
	switch t {
	case types.OCILayer, types.OCILayerZStd, types.OCIUncompressedLayer, types.OCIRestrictedLayer, types.OCIUncompressedRestrictedLayer,
		ociRestrictedLayerZstd:
		return t, nil
	case types.DockerLayer:
		return types.OCILayer, nil
	case types.DockerUncompressedLayer:
		return types.OCIUncompressedLayer, nil
	case dockerLayerZstd:
		return types.OCILayerZStd, nil
	case types.DockerForeignLayer:
		return types.OCIRestrictedLayer, nil
	case dockerForeignUncompressedLayer:
		return types.OCIUncompressedRestrictedLayer, nil
	case dockerForeignLayerZstd:
		return ociRestrictedLayerZstd, nil
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
