package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
)

type describeFlags struct{ name, tar, descriptor string }

func parseDescribeFlags(args []string) (*describeFlags, error) {
	f := &describeFlags{}
	fs := newFlags("describe")
	fs.StringVar(&f.name, "name", "", "what the history of images says of it")
	fs.need(&f.tar, "blob", "file: a layer, a tar that may be compressed with gzip or zstd")
	fs.need(&f.descriptor, "layer-out", "output file: the layer's descriptor")
	if err := fs.parse(args); err != nil {
		return nil, err
	}
	return f, nil
}

func runDescribe(_ context.Context, args []string, _ io.Writer) error {
	f, err := parseDescribeFlags(args)
	if err != nil {
		return err
	}
	layer, err := os.Open(f.tar)
	if err != nil {
		return err
	}
	defer layer.Close()
	descriptor, err := ocilayer.Describe(layer, f.name)
	if err != nil {
		return fmt.Errorf("layer %s: %w", f.tar, err)
	}
	return writeLayerDescriptor(f.descriptor, descriptor)
}
