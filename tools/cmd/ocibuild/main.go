// Command ocibuild makes the pieces of OCI images and APK packages. Build actions run it: it has no network, no clock and
// no environment; every output is a function of the files and flags that it is given.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/rules-apk/rules_apk/tools/internal/flagfile"
)

func main() {
	args := os.Args[1:]
	if n := len(args); n > 0 && args[n-1] == workerFlag {
		// A worker's heap is small and lives long: to collect it more seldom saves a fifth of an action, up to a limit.
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(56 << 20)
		w := worker{program: os.Args[0], startup: args[:n-1], out: json.NewEncoder(os.Stdout)}
		os.Exit(exitCode(w.serve(context.Background(), os.Stdin), os.Stderr))
	}
	os.Exit(exitCode(run(context.Background(), args, os.Stdout, os.Stderr), os.Stderr))
}

// exitCode prints an error, if there is one.
func exitCode(err error, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "ocibuild: error: %v\n", err)
	var u *usageError
	if errors.As(err, &u) {
		return 2
	}
	return 1
}

// command is one subcommand.
type command struct {
	name, summary string
	run           func(ctx context.Context, args []string, stderr io.Writer) error
}

func commands() []command {
	return []command{
		{"facts", "extract what images need to know of a package", runFacts},
		{"system-layer", "make the layer with apk's database and all else that is no package's", runSystemLayer},
		{"merge", "make one layer of several packages, or of one that is normalised", runMerge},
		{"layer", "make a layer of files", runLayer},
		{"describe", "make the descriptor of a layer that exists", runDescribe},
		{"manifest", "make an image's manifest and config", runManifest},
		{"index", "make the index of images for several platforms", runIndex},
		{"layout", "make an OCI image layout", runLayout},
		{"select", "find the image for a platform in an OCI image layout", runSelect},
		{"link-check", "find out whether an image's programs have what they are linked against", runLinkCheck},
		{"image-descriptor", "make the descriptor of an image that exists", runImageDescriptor},
		{"substitute", "put digests of images into a text", runSubstitute},
		{"package", "make an apk package", runPackage},
		{"repository", "make a repository of apk packages with its index", runRepository},
	}
}

// usageError is an error in how the program was called.
type usageError struct{ msg string }

func (e *usageError) Error() string { return e.msg }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return &usageError{"got no subcommand; run: ocibuild help"}
	}
	if args[0] == "help" || args[0] == "--help" {
		fmt.Fprintln(stdout, "usage: ocibuild COMMAND --flag=value...")
		for _, c := range commands() {
			fmt.Fprintf(stdout, "  %-16s %s\n", c.name, c.summary)
		}
		return nil
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		expanded, err := flagfile.Expand(args[1:])
		if err != nil {
			return err
		}
		return c.run(ctx, expanded, stderr)
	}
	return &usageError{fmt.Sprintf("subcommand is %q, want one of those that `ocibuild help` lists", args[0])}
}
