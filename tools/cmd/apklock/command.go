package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/nearest"
)

// A command is one subcommand of apklock.
type command struct {
	name, arguments, summary, example string
	// define adds the command's flags and returns what to run once they and the
	// arguments are parsed.
	define func(flags *flag.FlagSet) action
}

// An action is a command with its flags.
type action func(ctx context.Context, args []string, stdout, stderr io.Writer) error

func commands() []command {
	return []command{
		lockCommand(), updateCommand(), checkCommand(), whyCommand(), treeCommand(), diffCommand(), outdatedCommand(),
		mirrorCommand(), resolveCommand(),
	}
}

// noArguments makes the action of a command that takes flags only.
func noArguments(name string, do func(ctx context.Context, stdout, stderr io.Writer) error) action {
	return func(ctx context.Context, args []string, stdout, stderr io.Writer) error {
		if len(args) > 0 {
			return usagef("%s takes no arguments, got %q", name, args)
		}
		return do(ctx, stdout, stderr)
	}
}

// usageError says that apklock was not called as it wants to be.
type usageError struct {
	message string
}

func (e *usageError) Error() string { return e.message }

func usagef(format string, args ...any) error {
	return &usageError{message: fmt.Sprintf(format, args...)}
}

// run is apklock without its process.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return usagef("no subcommand; want one of %s", strings.Join(commandNames(), ", "))
	}
	if name := args[0]; name == "help" || name == "-h" || name == "-help" || name == "--help" {
		printHelp(stdout)
		return nil
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, args[1:], stdout, stderr)
		}
	}
	err := usagef("unknown subcommand %q, want one of %s", args[0], strings.Join(commandNames(), ", "))
	if name := nearest.Name(args[0], slices.Values(commandNames())); name != "" {
		err = usagef("%v; did you mean %q?", err, name)
	}
	return err
}

func commandNames() []string {
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return names
}

func printHelp(w io.Writer) {
	fmt.Fprintf(w, "apklock makes and explains apk.lock.json, the locked APK packages of a workspace.\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  apklock %-9s %s\n", c.name, c.summary)
	}
	fmt.Fprintf(w, "\n\"apklock SUBCOMMAND --help\" shows its flags and an example.\n")
}

func (c command) run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	start := c.define(flags)
	positional, err := parseInterspersed(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		c.printHelp(flags, stdout)
		return nil
	}
	if err != nil {
		return c.flagError(flags, err)
	}
	return start(ctx, positional, stdout, stderr)
}

// parseInterspersed also takes flags after arguments, as people write them.
func parseInterspersed(flags *flag.FlagSet, args []string) (positional []string, err error) {
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		rest := flags.Args()
		if len(rest) == 0 {
			return positional, nil
		}
		if n := len(args) - len(rest); n > 0 && args[n-1] == "--" {
			return append(positional, rest...), nil
		}
		positional, args = append(positional, rest[0]), rest[1:]
	}
}

func (c command) flagError(flags *flag.FlagSet, err error) error {
	message := fmt.Sprintf("%s: %v", c.name, err)
	if _, name, ok := strings.Cut(err.Error(), "provided but not defined: -"); ok {
		known := make(map[string]bool)
		flags.VisitAll(func(f *flag.Flag) { known[f.Name] = true })
		message = fmt.Sprintf("%s: unknown flag --%s", c.name, strings.TrimLeft(name, "-"))
		if near := nearest.Name(strings.TrimLeft(name, "-"), maps.Keys(known)); near != "" {
			message += fmt.Sprintf("; did you mean --%s?", near)
		}
	}
	return usagef("%s (see: apklock %s --help)", message, c.name)
}

func (c command) printHelp(flags *flag.FlagSet, w io.Writer) {
	fmt.Fprintf(w, "usage: %s\n\n%s\n\nflags:\n", strings.TrimSpace("apklock "+c.name+" [flags] "+c.arguments), c.summary)
	flags.VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		fmt.Fprintf(w, "  --%s\n      %s", strings.TrimSpace(f.Name+" "+value), usage)
		if f.DefValue != "" && f.DefValue != "false" {
			fmt.Fprintf(w, " (default %s)", f.DefValue)
		}
		fmt.Fprintln(w)
	})
	fmt.Fprintf(w, "\nexample:\n  %s\n", strings.ReplaceAll(c.example, "\n", "\n  "))
}

// listFlag is a flag that may be given several times.
type listFlag []string

func (l *listFlag) String() string { return strings.Join(*l, ", ") }

func (l *listFlag) Set(value string) error {
	*l = append(*l, value)
	return nil
}
