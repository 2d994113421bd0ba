package main

import (
	"context"
	"flag"
	"io"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli/progress"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/network"
	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/ociblob"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/refname"
)

type fetchFlags struct {
	repositories []name.Repository
	blob         v1.Descriptor
	output       string
	network.RegistryOptions
}

func fetchCommand() cli.Command {
	return cli.Command{
		Name:    "fetch",
		Summary: "download one layer",
		Example: "ocideploy fetch --repository=registry.example.com/base --size=3408729 --output=layer \\\n" +
			"    --digest=sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		Define: func(_ *cli.Process, flags *flag.FlagSet) cli.Action {
			f := &fetchFlags{}
			f.define(flags)
			return func(ctx context.Context, p *cli.Process, _ []string) error { return fetchBlob(ctx, p, f) }
		},
	}
}

func (f *fetchFlags) define(flags *flag.FlagSet) {
	flags.Func("repository", "download from `REPOSITORY` (registry/name); may be repeated: the first that has it counts", func(text string) error {
		repository, err := refname.Repository(text)
		f.repositories = append(f.repositories, repository)
		return err
	})
	flags.Func("digest", "the blob's `DIGEST`, sha256:…", func(text string) (err error) {
		f.blob.Digest, err = v1.NewHash(text)
		return err
	})
	flags.Int64Var(&f.blob.Size, "size", -1, "the blob has so many `BYTES`")
	f.RegistryOptions.Define(flags)
	flags.StringVar(&f.output, "output", "", "write it to `FILE`")
}

// fetchBlob downloads one blob. Actions of the build run it, for layers of pulled images.
func fetchBlob(ctx context.Context, p *cli.Process, f *fetchFlags) error {
	if len(f.repositories) == 0 || f.blob.Digest == (v1.Hash{}) || f.blob.Size < 0 || f.output == "" {
		return cli.Usagef("fetch: want --repository, --digest, --size and --output")
	}
	say := progress.New("ocideploy", p.Stderr).Say
	store := &ociblob.Store{Repositories: f.repositories, Pull: registries(p, f.RegistryOptions, say).BlobReader()}
	blob, err := store.Open(ctx, f.blob)
	if err != nil {
		return err
	}
	defer blob.Close()
	return atomicfile.Write(p.Path(f.output), func(w io.Writer) error {
		_, err := io.Copy(w, blob)
		return err
	})
}
