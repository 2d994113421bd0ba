package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

func (g *Program) help(w io.Writer) error {
	width := 0
	for _, c := range g.Commands {
		width = max(width, len(c.Name))
	}
	fmt.Fprintf(w, "%s %s\n\n", g.Name, g.Summary)
	for _, c := range g.Commands {
		fmt.Fprintf(w, "  %s %-*s  %s\n", g.Name, width, c.Name, c.Summary)
	}
	_, err := fmt.Fprintf(w, "\n\"%s SUBCOMMAND --help\" shows its flags and an example.\n", g.Name)
	return err
}

func (g *Program) commandHelp(c Command, flags *flag.FlagSet, w io.Writer) error {
	fmt.Fprintf(w, "usage: %s\n\n%s\n\nflags:\n", strings.TrimSpace(g.Name+" "+c.Name+" [flags] "+c.Arguments), c.Summary)
	PrintFlags(flags, w)
	_, err := fmt.Fprintf(w, "\nexample:\n  %s\n", strings.ReplaceAll(c.Example, "\n", "\n  "))
	return err
}

// PrintFlags tells what each flag is for.
func PrintFlags(flags *flag.FlagSet, w io.Writer) {
	flags.VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		fmt.Fprintf(w, "  --%s\n      %s", strings.TrimSpace(f.Name+" "+value), usage)
		if f.DefValue != "" && f.DefValue != "false" {
			fmt.Fprintf(w, " (default %s)", f.DefValue)
		}
		fmt.Fprintln(w)
	})
}

// CheckHelp returns an error where a command lacks an example, or its example has a flag or a number of arguments that
// it does not take. Tests call it.
func (g *Program) CheckHelp() error {
	var all []error
	for _, c := range g.Commands {
		if err := g.checkExample(c); err != nil {
			all = append(all, fmt.Errorf("%s: %w", c.Name, err))
		}
	}
	return errors.Join(all...)
}

func (g *Program) checkExample(c Command) error {
	if c.Define == nil {
		return nil
	}
	shown := 0
	for _, line := range strings.Split(strings.ReplaceAll(c.Example, "\\\n", " "), "\n") {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != g.Name || words[1] != c.Name {
			continue
		}
		shown++
		flags := NewFlags(c.Name)
		c.Define(&Process{Getenv: func(string) string { return "" }}, flags)
		positional, err := parseInterspersed(flags, words[2:])
		if err == nil {
			err = c.checkArguments(positional, g.Name)
		}
		if err != nil {
			return fmt.Errorf("example %q: %w", line, err)
		}
	}
	if shown == 0 {
		return fmt.Errorf("no line of its example begins with %q", g.Name+" "+c.Name)
	}
	return nil
}
