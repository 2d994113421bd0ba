// Fuzz runs every fuzz target of the module in the working directory for a while each:
//
//	go run ./tools/fuzz [--time=5s] [--run=REGEXP] [PACKAGE...]
//
// go test -fuzz alone takes one target of one package. An input that fails is kept below the package's testdata/fuzz, where
// go test finds it from then on: commit it with the mended code.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "fuzz: error:", err)
		os.Exit(1)
	}
}

// target is a Fuzz function of a package.
type target struct{ pkg, name string }

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("fuzz", flag.ContinueOnError)
	length := flags.Duration("time", 5*time.Second, "how long each target runs")
	only := flags.String("run", "", "run targets whose name matches `REGEXP` only")
	if err := flags.Parse(args); err != nil {
		return err
	}
	matching, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	packages := flags.Args()
	if len(packages) == 0 {
		packages = []string{"./..."}
	}
	targets, err := find(ctx, packages, matching)
	if err != nil {
		return err
	}
	failed := 0
	for _, t := range targets {
		summary, err := t.run(ctx, *length)
		if err != nil {
			failed++
			fmt.Fprintf(out, "FAILED: %s %s: %v\n", t.pkg, t.name, err)
			continue
		}
		fmt.Fprintf(out, "ok: %s %s: %s\n", t.pkg, t.name, summary)
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d targets failed", failed, len(targets))
	}
	return ctx.Err()
}

// find lists the targets of packages. None at all is an error: it would look like success.
func find(ctx context.Context, packages []string, matching *regexp.Regexp) ([]target, error) {
	list, err := gotest(ctx, append([]string{"-list=^Fuzz"}, packages...)...)
	if err != nil {
		return nil, fmt.Errorf("listing the targets: %w\n%s", err, list)
	}
	var targets []target
	var names []string
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 1 && strings.HasPrefix(fields[0], "Fuzz"):
			names = append(names, fields[0])
		case len(fields) > 1 && fields[0] == "ok": // ends the list of its package
			for _, name := range names {
				if matching.MatchString(name) {
					targets = append(targets, target{fields[1], name})
				}
			}
			names = nil
		}
	}
	if len(targets) == 0 {
		return nil, fmt.Errorf("no fuzz target in %s", strings.Join(packages, " "))
	}
	return targets, nil
}

// run fuzzes for a while and says how much was tried. The error has what the target printed.
func (t target) run(ctx context.Context, length time.Duration) (string, error) {
	printed, err := gotest(ctx, "-run=^$", "-fuzz=^"+t.name+"$", "-fuzztime="+length.String(), "-fuzzminimizetime=2s", t.pkg)
	if err != nil && (ctx.Err() != nil || !onlyTimeIsUp(printed)) {
		return "", fmt.Errorf("%w\n%s", err, printed)
	}
	summary := ""
	for line := range strings.Lines(printed) {
		if _, tried, ok := strings.Cut(line, ", execs: "); ok {
			summary = "execs: " + strings.TrimSpace(tried)
		}
	}
	if summary == "" {
		return "", fmt.Errorf("it did not say that it tried anything:\n%s", printed)
	}
	return summary, nil
}

// onlyTimeIsUp says whether a target failed for no other reason than that its time ended while it was busy, which go test
// now and then calls a failure.
func onlyTimeIsUp(printed string) bool {
	return timeIsUp.MatchString(printed) && !strings.Contains(printed, "Failing input written to")
}

var timeIsUp = regexp.MustCompile(`(?m)^--- FAIL: Fuzz\w+ \(.*\)\n    context deadline exceeded\nFAIL$`)

func gotest(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test"}, args...)...)
	// An interrupted target writes down what it found.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), errors.Join(ctx.Err(), err)
}
