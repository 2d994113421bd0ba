package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/registry"
)

// runDigest prints what a tag names, in the form that oci.pull takes.
func runDigest(ctx context.Context, p *process, _ string, args []string) error {
	got, err := p.parse(flag.NewFlagSet("digest", flag.ContinueOnError), args, 1)
	if err != nil {
		return err
	}
	ref, err := name.ParseReference(got[0])
	if err != nil {
		return &usageError{err.Error()}
	}
	say := func(format string, args ...any) { fmt.Fprintf(p.stderr, "ocideploy: "+format+"\n", args...) }
	repository, err := p.registry(say).Open(ctx, ref.Context(), registry.Access{})
	if err != nil {
		return err
	}
	desc, err := repository.Get(ctx, ref)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s@%s\n", ref.Context().Name(), desc.Digest)
	return err
}
