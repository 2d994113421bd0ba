package main

import (
	"context"
	"io"
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
	image, err := readImage(f.manifest, f.config)
	if err != nil {
		return err
	}
	descriptor, err := image.Descriptor()
	if err != nil {
		return err
	}
	return writeImageDescriptor(f.descriptor, f.digest, descriptor)
}
