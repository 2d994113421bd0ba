package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocidoc"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ociimage"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
	"github.com/rules-apk/rules_apk/tools/internal/oci/stamp"
)

type manifestFlags struct {
	platform, baseManifest, baseConfig    string
	config                                v1.Config
	layers                                []ocilayer.Descriptor
	annotations                           map[string]string
	created                               int64
	createdStamp                          string
	stampFiles, clear                     []string
	manifestOut, configOut, descriptorOut string
	digestOut                             string
}

func parseManifestFlags(args []string) (*manifestFlags, error) {
	f := &manifestFlags{}
	fs := newFlags("manifest")
	fs.need(&f.platform, "platform", "OS/ARCH[/VARIANT]")
	fs.StringVar(&f.baseManifest, "base-manifest", "", "file: the manifest of the image to build upon")
	fs.StringVar(&f.baseConfig, "base-config", "", "file: its config")
	fs.layers("layer", "layer descriptor, lowest first; may be repeated", func(d ocilayer.Descriptor) error {
		f.layers = append(f.layers, d)
		return nil
	})
	config := func(value string) error {
		data, err := argument(value)
		if err != nil {
			return err
		}
		c, err := ociimage.ParseConfig(data)
		if err != nil {
			return err
		}
		f.config = ociimage.MergeFragment(f.config, c)
		return nil
	}
	fs.Func("config-fragment", "JSON of the config: Entrypoint, Cmd, Env, ..., merged over what came before; may be repeated", config)
	fs.strings(&f.clear, "clear", "member of the base's config not to take over, such as Entrypoint; may be repeated")
	fs.jsonValue(&f.annotations, "annotations", "JSON object of strings")
	fs.Int64Var(&f.created, "created", -1, "Unix seconds; if not given, the base's, or 0 without one")
	fs.StringVar(&f.createdStamp, "created-stamp", "", "a {KEY} whose value takes the place of --created if there are stamp files")
	fs.strings(&f.stampFiles, "stamp-file", "file: Bazel's workspace status, for {KEY} in labels and annotations; may be repeated")
	fs.need(&f.manifestOut, "manifest-out", "output file")
	fs.need(&f.configOut, "config-out", "output file")
	fs.need(&f.descriptorOut, "image-out", "output file: the image's descriptor")
	fs.StringVar(&f.digestOut, "digest-out", "", "output file: the image's digest alone")
	if err := fs.parse(args); err != nil {
		return nil, err
	}
	if (f.baseManifest == "") != (f.baseConfig == "") {
		return nil, cli.Usagef("manifest: want --base-manifest and --base-config together")
	}
	if len(f.clear) > 0 && f.baseManifest == "" {
		return nil, cli.Usagef("manifest: there is no base for --clear; give --base-manifest and --base-config")
	}
	return f, nil
}

func runManifest(_ context.Context, args []string, _ io.Writer) error {
	f, err := parseManifestFlags(args)
	if err != nil {
		return err
	}
	platform, err := v1.ParsePlatform(f.platform)
	if err != nil {
		return fmt.Errorf("--platform: %w", err)
	}
	if err := f.stamp(); err != nil {
		return err
	}
	request := ociimage.Request{
		Platform:    *platform,
		Layers:      f.layers,
		Config:      f.config,
		Annotations: f.annotations,
		Clear:       f.clear,
		Created:     time.Unix(max(f.created, 0), 0),
	}
	if f.baseManifest != "" {
		if request.Base, err = readImage(f.baseManifest, f.baseConfig); err != nil {
			return fmt.Errorf("base image: %w", err)
		}
		if made := request.Base.Config().Created; f.created < 0 && !made.IsZero() {
			request.Created = made.Time
		}
	}
	image, err := ociimage.Build(request)
	if err != nil {
		return err
	}
	if err := atomicfile.WriteBytes(f.manifestOut, image.Manifest); err != nil {
		return err
	}
	if err := atomicfile.WriteBytes(f.configOut, image.Config); err != nil {
		return err
	}
	return writeImageDescriptor(f.descriptorOut, f.digestOut, image.Descriptor)
}

// readImage reads the documents of an image that the build made, or fetched and verified.
func readImage(manifest, config string) (*ocidoc.Image, error) {
	manifestData, err := os.ReadFile(manifest)
	if err != nil {
		return nil, err
	}
	configData, err := os.ReadFile(config)
	if err != nil {
		return nil, err
	}
	image, err := ocidoc.BuiltImage(manifestData, configData)
	if err != nil {
		return nil, fmt.Errorf("reading %s and %s: %w", manifest, config, err)
	}
	return image, nil
}

// stamp puts values of Bazel's workspace status where labels, annotations and --created-stamp want them. In a build
// that is not stamped there are no stamp files, and what wants a value is left out.
func (f *manifestFlags) stamp() error {
	status, err := stamp.Read(f.stampFiles)
	if err != nil {
		return err
	}
	if f.config.Labels, err = status.ExpandAll(f.config.Labels); err != nil {
		return fmt.Errorf("label %w", err)
	}
	if f.annotations, err = status.ExpandAll(f.annotations); err != nil {
		return fmt.Errorf("annotation %w", err)
	}
	if f.createdStamp == "" || len(f.stampFiles) == 0 {
		return nil
	}
	text, err := status.Expand(f.createdStamp)
	if err != nil {
		return fmt.Errorf("created: %w", err)
	}
	if f.created, err = strconv.ParseInt(text, 10, 64); err != nil || f.created < 0 {
		return fmt.Errorf("created: %s is %q, want Unix seconds", f.createdStamp, text)
	}
	return nil
}

// writeImageDescriptor writes the descriptor and, where digestPath is not empty, a line with its digest.
func writeImageDescriptor(path, digestPath string, d v1.Descriptor) error {
	data, err := ociimage.EncodeDescriptor(d)
	if err != nil {
		return err
	}
	if digestPath != "" {
		if err := atomicfile.WriteBytes(digestPath, []byte(d.Digest.String()+"\n")); err != nil {
			return err
		}
	}
	return atomicfile.WriteBytes(path, data)
}
