package main

import (
	"context"
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ociimage"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
)

type layoutFlags struct {
	dir, index         string
	root               *v1.Descriptor
	manifests, configs []string
	blobs              []ociimage.Blob
	layouts            []string
}

func parseLayoutFlags(args []string) (*layoutFlags, error) {
	f := &layoutFlags{}
	fs := newFlags("layout")
	fs.need(&f.dir, "layout-out", "output folder")
	fs.StringVar(&f.index, "index", "", "file: the image index, if index.json is to list one")
	fs.images("image", "descriptor of the image or index that index.json lists", func(d v1.Descriptor) { f.root = &d })
	fs.strings(&f.manifests, "manifest", "file: an image's manifest; may be repeated")
	fs.strings(&f.configs, "config", "file: the config of the manifest before it; may be repeated")
	fs.layers("layer", "layer descriptor; may be repeated", func(d ocilayer.Descriptor) error {
		if n := len(f.blobs); n > 0 && f.blobs[n-1].File == "" {
			return fmt.Errorf("the layer before it has no --blob")
		}
		f.blobs = append(f.blobs, ociimage.Blob{Layer: d})
		return nil
	})
	fs.Func("blob", "file that holds the bytes of the layer before it", func(value string) error {
		n := len(f.blobs)
		if n == 0 || f.blobs[n-1].File != "" {
			return fmt.Errorf("want one --layer before each --blob")
		}
		f.blobs[n-1].File = value
		return nil
	})
	fs.strings(&f.layouts, "layout", "folder: an OCI image layout with layers that no --layer names; may be repeated")
	if err := fs.parse(args); err != nil {
		return nil, err
	}
	switch n := len(f.blobs); {
	case n > 0 && f.blobs[n-1].File == "":
		return nil, cli.Usagef("layout: the last --layer has no --blob")
	case len(f.manifests) == 0 || len(f.manifests) != len(f.configs):
		return nil, cli.Usagef("layout: got %d --manifest and %d --config, want as many, at least one", len(f.manifests), len(f.configs))
	case f.root == nil && (f.index != "" || len(f.manifests) > 1):
		return nil, cli.Usagef("layout: --image is missing")
	}
	return f, nil
}

func runLayout(_ context.Context, args []string, _ io.Writer) error {
	f, err := parseLayoutFlags(args)
	if err != nil {
		return err
	}
	layout := ociimage.Layout{Blobs: f.blobs, Layouts: f.layouts}
	for i := range f.manifests {
		image, err := readImage(f.manifests[i], f.configs[i])
		if err != nil {
			return err
		}
		layout.Images = append(layout.Images, image)
	}
	if f.index != "" {
		if layout.Index, err = os.ReadFile(f.index); err != nil {
			return err
		}
	}
	if f.root != nil {
		layout.Root = *f.root
	} else if layout.Root, err = layout.Images[0].Descriptor(); err != nil {
		return err
	}
	return layout.Write(f.dir)
}
