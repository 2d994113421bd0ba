package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime"
	"strings"
	"syscall"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli/progress"
	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/ociarchive"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/ociload"
)

type loadFlags struct {
	spec                    string
	to                      destination
	platform                *v1.Platform
	runtime, output, format string
}

func loadCommand() cli.Command {
	return cli.Command{
		Name:    "load",
		Summary: "load images into Docker, podman or containerd, or write a tar",
		Example: "ocideploy load --spec=bazel-bin/server/load.deploy.json --output=server.tar\nbazel run //server:load",
		Define: func(p *cli.Process, flags *flag.FlagSet) cli.Action {
			f := &loadFlags{}
			f.define(flags, ownSpec(p))
			return func(ctx context.Context, p *cli.Process, _ []string) error { return load(ctx, p, f) }
		},
	}
}

func (f *loadFlags) define(flags *flag.FlagSet, spec string) {
	flags.StringVar(&f.spec, "spec", spec, "the deploy spec `FILE` that an oci_load target wrote")
	flags.StringVar(&f.to.repository, "repository", "", "call the image `NAME` and not what the target says")
	f.to.RegistryOptions.Define(flags)
	flags.Var(&f.to.tags, "tag", "set `TAG` and not the target's own tags; may be repeated")
	flags.Func("platform", "load the image for `OS/ARCH[/VARIANT]`; default: this machine's", func(text string) (err error) {
		f.platform, err = v1.ParsePlatform(text)
		return err
	})
	flags.StringVar(&f.runtime, "runtime", "", "load into `RUNTIME`: docker, podman, containerd or nerdctl; default: the first that answers")
	flags.StringVar(&f.output, "output", "", "write a tar `FILE` and load it nowhere")
	flags.StringVar(&f.format, "format", "oci", "`FORMAT` of --output: oci (a layout) or docker (as docker save)")
}

func (f *loadFlags) check() error {
	switch {
	case f.runtime != "" && f.output != "":
		return cli.Usagef("--runtime and --output exclude each other")
	case f.runtime != "" && ociload.New(f.runtime, execute) == nil:
		return cli.Usagef("--runtime is %q, want one of: %s", f.runtime, strings.Join(ociload.Names(), ", "))
	case f.format != "oci" && f.format != "docker":
		return cli.Usagef("--format is %q, want oci or docker", f.format)
	}
	return nil
}

func load(ctx context.Context, p *cli.Process, f *loadFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	d, err := read(p, f.spec, &f.to)
	if err != nil {
		return err
	}
	// Containers are Linux, also where their daemon runs on a Mac.
	images, err := ociload.Select(d, f.platform, v1.Platform{OS: "linux", Architecture: runtime.GOARCH})
	if err != nil {
		return err
	}
	shown := progress.New("ocideploy", p.Stderr)
	defer shown.Close()
	if err := remoteBlobs(p, d, registries(p, f.to.RegistryOptions, shown.Say), shown.Say); err != nil {
		return err
	}
	bar := &bar{display: shown, verb: "loading"}
	archive := ociarchive.Archive{Images: images, Blobs: d.Blobs, Done: bar.add}
	if f.output != "" {
		bar.begin(archive.Size())
		err := writeTar(ctx, p.Path(f.output), f.format, &archive)
		shown.Close()
		return diskFull(err)
	}
	loaded, err := loadInto(ctx, f.runtime, archive, shown, bar)
	shown.Close()
	if err != nil {
		return diskFull(err)
	}
	for _, r := range loaded {
		shown.Say("%s", loadSummary(r))
		names := r.Image.Names
		if len(names) == 0 {
			names = []string{r.Image.Manifest.Manifest.Config.Digest.String()}
		}
		for _, name := range names {
			fmt.Fprintln(p.Stdout, name)
		}
	}
	return nil
}

func writeTar(ctx context.Context, path, format string, archive *ociarchive.Archive) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		if format == "docker" {
			return archive.WriteDocker(ctx, w)
		}
		return archive.WriteOCI(ctx, w)
	})
}

func loadInto(ctx context.Context, name string, archive ociarchive.Archive, shown *progress.Display, bar *bar) ([]ociload.Result, error) {
	if name == "" {
		var err error
		if name, err = ociload.Detect(ctx, execute); err != nil {
			return nil, cli.Hinted(err, "start one, name one with --runtime, or write a tar with --output")
		}
		shown.Say("loading into %s", name)
	}
	loader := &ociload.Loader{Runtime: ociload.Open(ctx, name, execute), Total: bar.begin, Done: bar.add, Say: shown.Say}
	return loader.Load(ctx, archive)
}

func loadSummary(r ociload.Result) string {
	if r.Present {
		return fmt.Sprintf("%s was there already", r.Image.Descriptor.Digest)
	}
	return fmt.Sprintf("loaded %s: sent %d of %d layers", r.Image.Descriptor.Digest, r.Sent, r.Layers)
}

// diskFull adds what to do about a full disk, here or where the runtime keeps images.
func diskFull(err error) error {
	if err != nil && (errors.Is(err, syscall.ENOSPC) || strings.Contains(err.Error(), "no space left on device")) {
		return cli.Hinted(err, "the disk is full; nothing was loaded or written: make room and try again")
	}
	return err
}
