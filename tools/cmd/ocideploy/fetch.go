package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/ociblob"
)

type fetchFlags struct {
	repository name.Repository
	blob       v1.Descriptor
	output     string
}

func parseFetch(p *process, args []string) (*fetchFlags, error) {
	f := &fetchFlags{}
	set := flag.NewFlagSet("fetch", flag.ContinueOnError)
	set.Func("repository", "download from `REPOSITORY` (registry/name)", func(text string) (err error) {
		f.repository, err = name.NewRepository(text)
		return err
	})
	set.Func("digest", "the blob's `DIGEST`, sha256:…", func(text string) (err error) {
		f.blob.Digest, err = v1.NewHash(text)
		return err
	})
	set.Int64Var(&f.blob.Size, "size", -1, "the blob has so many `BYTES`")
	set.StringVar(&f.output, "output", "", "write it to `FILE`")
	if _, err := p.parse(set, args, 0); err != nil {
		return nil, err
	}
	if f.repository == (name.Repository{}) || f.blob.Digest == (v1.Hash{}) || f.blob.Size < 0 || f.output == "" {
		return nil, &usageError{"fetch: want --repository, --digest, --size and --output"}
	}
	return f, nil
}

// runFetch downloads one blob. Actions of the build run it, for layers of pulled images.
func runFetch(ctx context.Context, p *process, _ string, args []string) error {
	f, err := parseFetch(p, args)
	if err != nil {
		return err
	}
	say := func(format string, args ...any) { fmt.Fprintf(p.stderr, "ocideploy: "+format+"\n", args...) }
	store := &ociblob.Store{Repositories: []name.Repository{f.repository}, Pull: p.registry(say).BlobReader()}
	blob, err := store.Open(ctx, f.blob)
	if err != nil {
		return err
	}
	defer blob.Close()
	return atomicfile.Write(p.path(f.output), func(w io.Writer) error {
		_, err := io.Copy(w, blob)
		return err
	})
}
