package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli/progress"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/network"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/refname"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/registry"
)

func digestCommand() cli.Command {
	return cli.Command{
		Name:      "digest",
		Arguments: "IMAGE",
		Summary:   "print repository@digest of a tag, for oci.pull",
		Example:   "ocideploy digest docker.io/library/debian:trixie",
		Define: func(_ *cli.Process, flags *flag.FlagSet) cli.Action {
			var o network.RegistryOptions
			o.Define(flags)
			return func(ctx context.Context, p *cli.Process, args []string) error { return digest(ctx, p, o, args[0]) }
		},
	}
}

// digest prints what a tag names, in the form that oci.pull takes.
func digest(ctx context.Context, p *cli.Process, o network.RegistryOptions, image string) error {
	ref, err := refname.Image(image)
	if err != nil {
		return cli.Usagef("%v", err)
	}
	repository, err := registries(p, o, progress.New("ocideploy", p.Stderr).Say).Open(ctx, ref.Context(), registry.Access{})
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
