// Package cli is what the programs of this repository have in common: subcommands, flags, help, exit codes, hints, the
// second Ctrl-C, and that text of others cannot take over a terminal.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/rules-apk/rules_apk/tools/internal/nearest"
)

// Exit codes beside 0.
const (
	exitFailure = 1 // what was asked for cannot be done
	exitUsage   = 2 // the program was not called as it wants to be
)

// Process is what the outside gives to a program.
type Process struct {
	// Argv0 is how the program was called.
	Argv0  string
	Getenv func(string) string
	// Control characters that are written to them come out escaped.
	Stdout, Stderr io.Writer
}

// Path is a path that somebody wrote on the command line, seen from where they stand: "bazel run" changes the
// directory.
func (p *Process) Path(path string) string { return p.from("BUILD_WORKING_DIRECTORY", path) }

// WorkspacePath is a path that starts at the workspace's root under "bazel run", as in targets that pass paths of
// files.
func (p *Process) WorkspacePath(path string) string {
	return p.from("BUILD_WORKSPACE_DIRECTORY", path)
}

func (p *Process) from(variable, path string) string {
	if dir := p.Getenv(variable); dir != "" && !filepath.IsAbs(path) {
		return filepath.Join(dir, path)
	}
	return path
}

// Program is a program with subcommands.
type Program struct {
	Name, Summary string
	Commands      []Command
	// Implied, if set, names the subcommand that the program stands for under the name by which it was called, or is
	// "".
	Implied func(*Process) (string, error)
	// Advice, if set, says what to do about an error that has no hint of its own, or is "".
	Advice func(error) string
}

// Command is one subcommand.
type Command struct {
	Name string
	// Arguments are those that it wants, in words such as "OLD NEW" or "NAME...": each stands for one, one with dots
	// for one and more, "[NAME...]" for any number. Their number is checked.
	Arguments        string
	Summary, Example string
	// Define adds the command's flags and returns what to run once they and the arguments are parsed.
	Define func(p *Process, flags *flag.FlagSet) Action
	// Run is set instead of Define where a command reads its arguments itself.
	Run Action
}

// Action does a command's work.
type Action func(ctx context.Context, p *Process, args []string) error

// Main runs the program in this process and ends it.
func (g *Program) Main() {
	Main(g.Name, g.Advice, g.Run)
}

// Main runs an action that has no subcommands in this process and ends it.
func Main(name string, advice func(error) string, action Action) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second Ctrl-C ends the process where the first is not heeded, such as in the wait for another process.
	context.AfterFunc(ctx, stop)
	p := &Process{Argv0: os.Args[0], Getenv: os.Getenv, Stdout: Escaped(os.Stdout), Stderr: Escaped(os.Stderr)}
	code := Report(name, advice, p.Stderr, action(ctx, p, os.Args[1:]))
	stop()
	os.Exit(code)
}

// Run runs the subcommand that args begin with.
func (g *Program) Run(ctx context.Context, p *Process, args []string) error {
	name := ""
	if g.Implied != nil {
		var err error
		if name, err = g.Implied(p); err != nil {
			return err
		}
	}
	if name == "" {
		if len(args) == 0 {
			return Usagef("no subcommand; want one of %s (see: %s --help)", strings.Join(g.names(), ", "), g.Name)
		}
		name, args = args[0], args[1:]
	}
	if isHelp(name) {
		return g.help(p.Stdout)
	}
	for _, c := range g.Commands {
		if c.Name == name {
			return g.run(ctx, c, p, args)
		}
	}
	err := Usagef("unknown subcommand %q, want one of %s", name, strings.Join(g.names(), ", "))
	if near := nearest.Name(name, slices.Values(g.names())); near != "" {
		err = Usagef("%v; did you mean %q?", err, near)
	}
	return err
}

func isHelp(arg string) bool {
	return arg == "help" || arg == "-h" || arg == "-help" || arg == "--help"
}

func (g *Program) names() []string {
	var names []string
	for _, c := range g.Commands {
		names = append(names, c.Name)
	}
	return names
}

func (g *Program) run(ctx context.Context, c Command, p *Process, args []string) error {
	if c.Run != nil {
		return c.Run(ctx, p, args)
	}
	flags := NewFlags(c.Name)
	start := c.Define(p, flags)
	positional, err := parseInterspersed(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		return g.commandHelp(c, flags, p.Stdout)
	}
	if err != nil {
		return FlagError(flags, err, fmt.Sprintf("%s %s --help", g.Name, c.Name))
	}
	if err := c.checkArguments(positional, g.Name); err != nil {
		return err
	}
	return start(ctx, p, positional)
}

func (c *Command) checkArguments(got []string, program string) error {
	wanted := strings.Fields(c.Arguments)
	least, more := len(wanted), strings.HasSuffix(c.Arguments, "...")
	if strings.HasSuffix(c.Arguments, "...]") {
		least, more = least-1, true
	}
	if len(got) == len(wanted) || more && len(got) >= least {
		return nil
	}
	if len(wanted) == 0 {
		return Usagef("%s: takes no arguments, got %q (see: %s %s --help)", c.Name, got, program, c.Name)
	}
	return Usagef("%s: got %d arguments, want %s: %q (see: %s %s --help)", c.Name, len(got), c.Arguments, got, program, c.Name)
}

// Report prints an error, with its hint if it has one, and returns the exit code that it stands for.
func Report(name string, advice func(error) string, stderr io.Writer, err error) int {
	var exit Exit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return int(exit)
	}
	hint := hintOf(err, advice)
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted")
	}
	fmt.Fprintf(stderr, "%s: error: %v\n", name, err)
	if hint != "" {
		fmt.Fprintf(stderr, "%s: hint: %s\n", name, hint)
	}
	var usage *UsageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailure
}
