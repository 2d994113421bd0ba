package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/lock/buildgraph"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockcost"
)

// imageOptions say where the images of a workspace are read from.
type imageOptions struct {
	hub, images string
}

func (o *imageOptions) define(flags *flag.FlagSet) {
	flags.StringVar(&o.hub, "hub", "", "`NAME` of the hub in apk.lock(name = …); a hub's own targets know it")
	flags.StringVar(&o.images, "images", "", "`FILE` with the output of: bazel "+strings.Join(buildgraph.Arguments(), " "))
}

// read reads the images from the file.
func (o *imageOptions) read(p *cli.Process) ([]buildgraph.Image, error) {
	f, err := os.Open(p.Path(o.images))
	if err != nil {
		return nil, fmt.Errorf("reading the images: %w", err)
	}
	defer f.Close()
	return o.parse(p, f, o.images)
}

func (o *imageOptions) parse(p *cli.Process, answer io.Reader, name string) ([]buildgraph.Image, error) {
	hub := cmp.Or(o.hub, p.Getenv("APKLOCK_HUB"))
	if hub == "" {
		return nil, cli.Usagef("--hub is not set, want the name of the hub in apk.lock(name = …)")
	}
	images, err := buildgraph.Images(answer, hub)
	if err != nil {
		return nil, fmt.Errorf("reading the images of %s: %w", name, err)
	}
	return images, nil
}

// query asks Bazel for the images of the workspace.
func (o *imageOptions) query(ctx context.Context, program string, p *cli.Process) ([]buildgraph.Image, error) {
	if strings.Contains(program, "/") {
		program = p.WorkspacePath(program)
	}
	cmd := exec.CommandContext(ctx, program, buildgraph.Arguments()...)
	cmd.Dir = p.WorkspacePath(".")
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		p.Stderr.Write(problems.Bytes())
		err = fmt.Errorf("%s: %w", strings.Join(append([]string{program}, buildgraph.Arguments()...), " "), err)
		if errors.Is(err, exec.ErrNotFound) {
			return nil, cli.Hinted(err, "name Bazel with --bazel, or write the output of that command to a file and name it with --images")
		}
		return nil, err
	}
	return o.parse(p, &out, "the workspace")
}

// priced is what the images are for those who work out what they cost.
func priced(images []buildgraph.Image) []lockcost.Image {
	var all []lockcost.Image
	for _, image := range images {
		var registries []string
		for _, push := range image.Pushes {
			if registry := push.Registry(); registry != "" && !slices.Contains(registries, registry) {
				registries = append(registries, registry)
			}
		}
		all = append(all, lockcost.Image{Label: image.Label, Roots: image.Packages, Registries: registries})
	}
	return all
}
