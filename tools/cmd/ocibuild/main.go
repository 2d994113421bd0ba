// Command ocibuild makes the pieces of OCI images and APK packages. Build actions run it: it has no network, no clock
// and no environment; every output is a function of the files and flags that it is given.
package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"runtime/debug"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/flagfile"
)

func main() {
	args := os.Args[1:]
	if n := len(args); n > 0 && args[n-1] == workerFlag {
		// A worker's heap is small and lives long: to collect it more seldom saves a fifth of an action, up to a limit.
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(56 << 20)
		w := worker{program: os.Args[0], startup: args[:n-1], out: json.NewEncoder(os.Stdout)}
		os.Exit(report(w.serve(context.Background(), os.Stdin), os.Stderr))
	}
	p := &cli.Process{Stdout: cli.Escaped(os.Stdout), Stderr: cli.Escaped(os.Stderr)}
	os.Exit(report(run(context.Background(), knownFacts{}, p, args), p.Stderr))
}

func report(err error, stderr io.Writer) int { return cli.Report("ocibuild", nil, stderr, err) }

// run runs the subcommand that args begin with; known are facts that were read before.
func run(ctx context.Context, known knownFacts, p *cli.Process, args []string) error {
	program := &cli.Program{Name: "ocibuild", Summary: "COMMAND --flag=value... makes the pieces of images and packages.", Commands: commands(known)}
	return program.Run(ctx, p, args)
}

// command is a subcommand whose arguments may stand in a file.
func command(do func(ctx context.Context, args []string, stderr io.Writer) error) cli.Action {
	return func(ctx context.Context, p *cli.Process, args []string) error {
		expanded, err := flagfile.Expand(args)
		if err != nil {
			return err
		}
		return do(ctx, expanded, p.Stderr)
	}
}

func commands(known knownFacts) []cli.Command {
	return []cli.Command{
		{Name: "facts", Summary: "extract what images need to know of a package", Run: command(runFacts)},
		{Name: "system-layer", Summary: "make the layer with apk's database and all else that is no package's", Run: command(func(ctx context.Context, args []string, stderr io.Writer) error {
			return runSystemLayer(ctx, known, args, stderr)
		})},
		{Name: "merge", Summary: "make one layer of several packages, or of one that is normalised", Run: command(func(ctx context.Context, args []string, stderr io.Writer) error {
			return runMerge(ctx, known, args, stderr)
		})},
		{Name: "layer", Summary: "make a layer of files", Run: command(runLayer)},
		{Name: "describe", Summary: "make the descriptor of a layer that exists", Run: command(runDescribe)},
		{Name: "manifest", Summary: "make an image's manifest and config", Run: command(runManifest)},
		{Name: "index", Summary: "make the index of images for several platforms", Run: command(runIndex)},
		{Name: "layout", Summary: "make an OCI image layout", Run: command(runLayout)},
		{Name: "select", Summary: "find the image for a platform in an OCI image layout", Run: command(runSelect)},
		{Name: "link-check", Summary: "find out whether an image's programs have what they are linked against", Run: command(runLinkCheck)},
		{Name: "image-descriptor", Summary: "make the descriptor of an image that exists", Run: command(runImageDescriptor)},
		{Name: "substitute", Summary: "put digests of images into a text", Run: command(runSubstitute)},
		{Name: "package", Summary: "make an apk package", Run: command(runPackage)},
		{Name: "repository", Summary: "make a repository of apk packages with its index", Run: command(runRepository)},
	}
}
