package main

import (
	"context"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayout"
)

type selectFlags struct{ layout, platform, manifest, config string }

func parseSelectFlags(args []string) (*selectFlags, error) {
	f := &selectFlags{}
	fs := newFlags("select")
	fs.need(&f.layout, "layout", "folder: an OCI image layout")
	fs.need(&f.platform, "platform", "OS/ARCH[/VARIANT]")
	fs.need(&f.manifest, "manifest-out", "output file")
	fs.need(&f.config, "config-out", "output file")
	if err := fs.parse(args); err != nil {
		return nil, err
	}
	return f, nil
}

func runSelect(_ context.Context, args []string, _ io.Writer) error {
	f, err := parseSelectFlags(args)
	if err != nil {
		return err
	}
	platform, err := v1.ParsePlatform(f.platform)
	if err != nil {
		return fmt.Errorf("--platform: %w", err)
	}
	image, err := ocilayout.Select(f.layout, *platform)
	if err != nil {
		return err
	}
	if err := atomicfile.WriteBytes(f.manifest, image.RawManifest().Copy()); err != nil {
		return err
	}
	return atomicfile.WriteBytes(f.config, image.RawConfig().Copy())
}
