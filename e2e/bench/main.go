// Command bench measures what builds with rules_apk cost: it makes workspaces on real and on generated packages, builds
// them in the states that matter, and prints a table. It asserts nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
)

// options are what the command line says.
type options struct {
	runs      int
	scenarios []string // names; all if empty
	json      string   // file, or empty
	markdown  string   // file, or empty
	shared    string   // folder with apk/alpine and apk/keys; beside the checkout if empty
	work      string   // folder in which to work; the system's for temporary files if empty
	keep      bool
}

const help = `usage: go run ./bench [flags]

Measures builds with rules_apk on this machine: on real packages (--shared) and
on generated ones. It builds all that it needs: the tools, package servers on
loopback, workspaces, and nginx as remote cache. Progress goes to standard
error, the table to standard output. All of it takes ten minutes and more on two
cores; keep the machine idle.

scenarios:
%s
flags:
%s
examples:
  go run ./bench --runs=3
  go run ./bench --scenario=clean,bump --json=figures.json
  go run ./bench --markdown=../docs/performance.md
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintf(os.Stderr, "bench: error: %v\n", err)
		os.Exit(1)
	}
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	var scenarios string
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&o.runs, "runs", 5, "how often each figure is measured; slow ones less often, as the table says")
	flags.StringVar(&scenarios, "scenario", "", "only these `NAME,…`")
	flags.StringVar(&o.json, "json", "", "`FILE` to write every single value to")
	flags.StringVar(&o.markdown, "markdown", "", "`FILE` whose section of figures is replaced")
	flags.StringVar(&o.shared, "shared", os.Getenv("RULES_APK_SHARED"), "`FOLDER` with the real packages (default $RULES_APK_SHARED, or shared beside the checkout)")
	flags.StringVar(&o.work, "work", "", "`FOLDER` to work in, on a disk with 10 GB (default that for temporary files)")
	flags.BoolVar(&o.keep, "keep", false, "keep workspaces, output bases and bazel.log")
	flags.Usage = func() {
		var list, defaults strings.Builder
		for _, s := range all() {
			fmt.Fprintf(&list, "  %-10s %s\n", s.name, s.about)
		}
		flags.SetOutput(&defaults)
		flags.PrintDefaults()
		fmt.Fprintf(stderr, help, list.String(), defaults.String())
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("got the argument %q, want flags only; see --help", flags.Arg(0))
	}
	if o.runs < 1 {
		return o, fmt.Errorf("--runs is %d, want at least 1", o.runs)
	}
	if scenarios != "" {
		o.scenarios = strings.Split(scenarios, ",")
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	chosen, err := choose(o.scenarios)
	if err != nil {
		return err
	}
	l, err := newLab(ctx, o, stderr)
	if l != nil {
		defer func() { err = errors.Join(err, l.close(context.WithoutCancel(ctx))) }()
	}
	if err != nil {
		return err
	}
	for _, s := range chosen {
		l.say("%s: %s", s.name, s.about)
		if err := s.run(ctx, l); err != nil {
			return fmt.Errorf("scenario %s: %w", s.name, err)
		}
		l.load()
		// What a later scenario's failure must not take along.
		if err := l.write(); err != nil {
			return err
		}
	}
	_, err = io.WriteString(stdout, l.report.Markdown())
	return err
}

// write writes the files that were asked for.
func (l *lab) write() error {
	if err := l.preamble(); err != nil {
		return err
	}
	var errs []error
	if l.json != "" {
		errs = append(errs, l.report.WriteJSON(l.json))
	}
	if l.markdown != "" {
		errs = append(errs, l.report.Insert(l.markdown))
	}
	return errors.Join(errs...)
}
