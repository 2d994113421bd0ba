package main

import (
	"context"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ociimage"
	"github.com/rules-apk/rules_apk/tools/internal/oci/stamp"
)

type indexFlags struct {
	images              []v1.Descriptor
	annotations         map[string]string
	index, descriptorTo string
	digestTo            string
	stampFiles          []string
}

func parseIndexFlags(args []string) (*indexFlags, error) {
	f := &indexFlags{}
	fs := newFlags("index")
	fs.images("image", "image descriptor; may be repeated", func(d v1.Descriptor) { f.images = append(f.images, d) })
	fs.jsonValue(&f.annotations, "annotations", "JSON object of strings")
	fs.strings(&f.stampFiles, "stamp-file", "file: Bazel's workspace status, for {KEY} in annotations; may be repeated")
	fs.need(&f.index, "index-out", "output file")
	fs.need(&f.descriptorTo, "image-out", "output file: the index's descriptor")
	fs.StringVar(&f.digestTo, "digest-out", "", "output file: the index's digest alone")
	if err := fs.parse(args); err != nil {
		return nil, err
	}
	return f, nil
}

func runIndex(_ context.Context, args []string, _ io.Writer) error {
	f, err := parseIndexFlags(args)
	if err != nil {
		return err
	}
	status, err := stamp.Read(f.stampFiles)
	if err != nil {
		return err
	}
	annotations, err := status.ExpandAll(f.annotations)
	if err != nil {
		return fmt.Errorf("annotation %w", err)
	}
	index, err := ociimage.BuildIndex(f.images, annotations)
	if err != nil {
		return err
	}
	if err := atomicfile.WriteBytes(f.index, index.Index); err != nil {
		return err
	}
	return writeImageDescriptor(f.descriptorTo, f.digestTo, index.Descriptor)
}
