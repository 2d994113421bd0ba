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

func parseLoad(p *process, spec string, args []string) (*loadFlags, error) {
	f := &loadFlags{}
	set := flag.NewFlagSet("load", flag.ContinueOnError)
	set.StringVar(&f.spec, "spec", spec, "the deploy spec `FILE` that an oci_load target wrote")
	set.StringVar(&f.to.repository, "repository", "", "call the image `NAME` and not what the target says")
	set.Var(&f.to.tags, "tag", "set `TAG` and not the target's own tags; may be repeated")
	set.Func("platform", "load the image for `OS/ARCH[/VARIANT]`; default: this machine's", func(text string) (err error) {
		f.platform, err = v1.ParsePlatform(text)
		return err
	})
	set.StringVar(&f.runtime, "runtime", "", "load into `RUNTIME`: docker, podman or containerd; default: the first that answers")
	set.StringVar(&f.output, "output", "", "write a tar `FILE` and load it nowhere")
	set.StringVar(&f.format, "format", "oci", "`FORMAT` of --output: oci (a layout) or docker (as docker save)")
	if _, err := p.parse(set, args, 0); err != nil {
		return nil, err
	}
	switch {
	case f.runtime != "" && f.output != "":
		return nil, &usageError{"--runtime and --output exclude each other"}
	case f.runtime != "" && ociload.New(f.runtime, execute) == nil:
		return nil, &usageError{fmt.Sprintf("--runtime is %q, want one of: %s", f.runtime, strings.Join(ociload.Names(), ", "))}
	case f.format != "oci" && f.format != "docker":
		return nil, &usageError{fmt.Sprintf("--format is %q, want oci or docker", f.format)}
	}
	return f, nil
}

func runLoad(ctx context.Context, p *process, spec string, args []string) error {
	f, err := parseLoad(p, spec, args)
	if err != nil {
		return err
	}
	d, err := p.read(f.spec, f.to)
	if err != nil {
		return err
	}
	// Containers are Linux, also where their daemon runs on a Mac.
	images, err := ociload.Select(d, f.platform, v1.Platform{OS: "linux", Architecture: runtime.GOARCH})
	if err != nil {
		return err
	}
	shown := newProgress(p.stderr, "loading")
	remoteBlobs(d, p.registry(shown.say), shown.say)
	archive := ociarchive.Archive{Images: images, Blobs: d.Blobs, Done: shown.done}
	if f.output != "" {
		shown.total(archive.Size())
		err := writeTar(ctx, p.path(f.output), f.format, &archive)
		shown.end()
		return diskFull(err)
	}
	loaded, err := loadInto(ctx, f.runtime, archive, shown)
	shown.end()
	if err != nil {
		return diskFull(err)
	}
	for _, r := range loaded {
		fmt.Fprintf(p.stderr, "ocideploy: %s\n", loadSummary(r))
		names := r.Image.Names
		if len(names) == 0 {
			names = []string{r.Image.Manifest.Manifest.Config.Digest.String()}
		}
		for _, name := range names {
			fmt.Fprintln(p.stdout, name)
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

func loadInto(ctx context.Context, name string, archive ociarchive.Archive, shown *progress) ([]ociload.Result, error) {
	if name == "" {
		var err error
		if name, err = ociload.Detect(ctx, execute); err != nil {
			return nil, &hinted{err, "start one, name one with --runtime, or write a tar with --output"}
		}
		shown.say("loading into %s", name)
	}
	loader := &ociload.Loader{Runtime: ociload.New(name, execute), Total: shown.total, Done: shown.done, Say: shown.say}
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
		return &hinted{err, "the disk is full; nothing was loaded or written: make room and try again"}
	}
	return err
}

// hinted is an error with advice.
type hinted struct {
	error
	hint string
}

func (h *hinted) Unwrap() error { return h.error }

// Hint says what to do.
func (h *hinted) Hint() string { return h.hint }
