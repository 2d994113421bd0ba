package main

import (
	"context"
	"io"
	"os"

	"github.com/rules-apk/rules_apk/tools/internal/oci/ociimage"
)

type imageDescriptorFlags struct{ manifest, config, descriptor, digest string }

func parseImageDescriptorFlags(args []string) (*imageDescriptorFlags, error) {
	f := &imageDescriptorFlags{}
	fs := newFlags("image-descriptor")
	fs.need(&f.manifest, "manifest", "file: the image's manifest")
	fs.need(&f.config, "config", "file: its config")
	fs.need(&f.descriptor, "image-out", "output file: the image's descriptor")
	fs.need(&f.digest, "digest-out", "output file: the image's digest alone")
	if err := fs.parse(args); err != nil {
		return nil, err
	}
	return f, nil
}

func runImageDescriptor(_ context.Context, args []string, _ io.Writer) error {
	f, err := parseImageDescriptorFlags(args)
	if err != nil {
		return err
	}
	var image ociimage.Base
	if image.Manifest, err = os.ReadFile(f.manifest); err != nil {
		return err
	}
	if image.Config, err = os.ReadFile(f.config); err != nil {
		return err
	}
	descriptor, err := image.Describe()
	if err != nil {
		return err
	}
	return writeImageDescriptor(f.descriptor, f.digest, descriptor)
}
