// Command ocideploy brings images to where they are used: into registries, into Docker, podman and containerd, or into a
// tar; and checks images against a lock. `bazel run` runs it for oci_push and oci_load targets.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	p := &process{argv0: os.Args[0], getenv: os.Getenv, stdout: os.Stdout, stderr: os.Stderr}
	err := p.run(ctx, os.Args[1:])
	stop()
	os.Exit(p.report(err))
}

// process is what the outside gives to a run.
type process struct {
	argv0          string
	getenv         func(string) string
	stdout, stderr io.Writer
}

// command is one subcommand. A built target's own spec may stand in for the
// name of a command that takes one.
type command struct {
	name, usage, summary string
	run                  func(ctx context.Context, p *process, spec string, args []string) error
}

func commands() []command {
	return []command{
		{"push", "--spec=FILE [FLAGS]", "push images into registries: only what they lack", runPush},
		{"load", "--spec=FILE [FLAGS]", "load images into Docker, podman or containerd, or write a tar", runLoad},
		{"verify", "IMAGE|LAYOUT_DIRECTORY [FLAGS]", "tell which layers are packages of a lock, and prove it", runVerify},
		{"digest", "IMAGE", "print repository@digest of a tag, for oci.pull", runDigest},
		{"fetch", "--repository=REPOSITORY --digest=DIGEST --size=BYTES --output=FILE", "download one layer", runFetch},
	}
}

// usageError is an error in how the program was called.
type usageError struct{ msg string }

func (e *usageError) Error() string { return e.msg }

func (p *process) run(ctx context.Context, args []string) error {
	if spec := p.ownSpec(); spec != "" {
		name, err := commandOf(spec)
		if err != nil {
			return err
		}
		return p.dispatch(ctx, name, spec, args)
	}
	if len(args) == 0 {
		return &usageError{"got no subcommand; run: ocideploy help"}
	}
	if args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		for _, c := range commands() {
			fmt.Fprintf(p.stdout, "ocideploy %s %s\n    %s\n", c.name, c.usage, c.summary)
		}
		return nil
	}
	return p.dispatch(ctx, args[0], "", args[1:])
}

func (p *process) dispatch(ctx context.Context, name, spec string, args []string) error {
	for _, c := range commands() {
		if c.name == name {
			return c.run(ctx, p, spec, args)
		}
	}
	return &usageError{fmt.Sprintf("subcommand is %q, want one of those that `ocideploy help` lists", name)}
}

// specSuffix is what the name of a target's deploy spec has after that of the target.
const specSuffix = ".deploy.json"

// ownSpec is the deploy spec beside the program, if it was built as a target of its own, else "".
func (p *process) ownSpec() string {
	path := strings.TrimSuffix(p.argv0, ".exe") + specSuffix
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		return path
	}
	return ""
}

// report prints an error and returns the exit code: 1 for a failure, 2 for wrong use.
func (p *process) report(err error) int {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted")
	}
	fmt.Fprintf(p.stderr, "ocideploy: error: %v\n", err)
	var hinting interface{ Hint() string }
	if errors.As(err, &hinting) && hinting.Hint() != "" {
		fmt.Fprintf(p.stderr, "ocideploy: hint: %s\n", hinting.Hint())
	}
	var usage *usageError
	if errors.As(err, &usage) {
		return 2
	}
	return 1
}

// parse parses the flags of a subcommand, which may stand before and behind its arguments, and returns these: as many as want.
func (p *process) parse(flags *flag.FlagSet, args []string, want int) ([]string, error) {
	var text strings.Builder
	flags.SetOutput(&text)
	var got []string
	for {
		err := flags.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(p.stdout, text.String())
			return nil, err
		}
		if err != nil {
			return nil, &usageError{err.Error()}
		}
		if flags.NArg() == 0 {
			break
		}
		got, args = append(got, flags.Arg(0)), flags.Args()[1:]
	}
	if len(got) != want {
		return nil, &usageError{fmt.Sprintf("%s: got %d arguments, want %d: %q", flags.Name(), len(got), want, got)}
	}
	return got, nil
}

// path is a path that the user gave, seen from where the user stands: `bazel run` changes the directory.
func (p *process) path(path string) string {
	if dir := p.getenv("BUILD_WORKING_DIRECTORY"); dir != "" && !filepath.IsAbs(path) {
		return filepath.Join(dir, path)
	}
	return path
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, ",") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }
