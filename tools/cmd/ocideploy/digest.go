package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli/progress"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/registry"
)

func digestCommand() cli.Command {
	return cli.Command{
		Name:      "digest",
		Arguments: "IMAGE",
		Summary:   "print repository@digest of a tag, for oci.pull",
		Example:   "ocideploy digest docker.io/library/debian:trixie",
		Define: func(*cli.Process, *flag.FlagSet) cli.Action {
			return func(ctx context.Context, p *cli.Process, args []string) error { return digest(ctx, p, args[0]) }
		},
	}
}

// digest prints what a tag names, in the form that oci.pull takes.
func digest(ctx context.Context, p *cli.Process, image string) error {
	ref, err := name.ParseReference(image)
	if err != nil {
		return cli.Usagef("%v", err)
	}
	repository, err := registries(p, progress.New("ocideploy", p.Stderr).Say).Open(ctx, ref.Context(), registry.Access{})
	if err != nil {
		return err
	}
	m, err := repository.Get(ctx, ref)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.Stdout, "%s@%s\n", ref.Context().Name(), m.Digest())
	return err
}
