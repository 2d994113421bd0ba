package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/rules-apk/rules_apk/e2e/bench/internal/bazel"
	"github.com/rules-apk/rules_apk/e2e/bench/internal/report"
	"github.com/rules-apk/rules_apk/e2e/internal/filehost"
	"github.com/rules-apk/rules_apk/e2e/internal/rebuild"
	"github.com/rules-apk/rules_apk/e2e/internal/signingkey"
)

// lab is what all scenarios use.
type lab struct {
	options
	dir        string // everything that is made lies below it
	checkout   string // of rules_apk
	stderr     io.Writer
	report     *report.Report
	ocibuild   string // path of the program
	apklock    string // path of the program
	builder    *rebuild.Builder
	host       *filehost.Host // serves dir/served
	realSet    *realSet       // nil until a scenario asks for it
	workspaces []*bazel.Workspace
	loads      []float64 // load averages, one after each scenario
	baselines  map[string]report.Series
}

// newLab returns what there is to close even with an error.
func newLab(ctx context.Context, o options, stderr io.Writer) (*lab, error) {
	l := &lab{options: o, stderr: stderr, report: &report.Report{}, baselines: map[string]report.Series{}}
	var err error
	if l.checkout, err = checkout(); err != nil {
		return nil, err
	}
	if l.shared == "" {
		l.shared = filepath.Join(l.checkout, "..", "shared")
	}
	// The folder's real name: Bazel's output base may not be reached by two.
	if l.dir, err = os.MkdirTemp(o.work, "rules_apk-bench-"); err != nil {
		return nil, err
	}
	if l.dir, err = filepath.EvalSymlinks(l.dir); err != nil {
		return nil, err
	}
	l.say("working in %s", l.dir)
	for _, name := range []string{"bin", "served", "keys", "scratch"} {
		if err := os.Mkdir(filepath.Join(l.dir, name), 0o755); err != nil {
			return l, err
		}
	}
	if l.ocibuild, err = l.compile(ctx, "ocibuild"); err != nil {
		return l, err
	}
	if l.apklock, err = l.compile(ctx, "apklock"); err != nil {
		return l, err
	}
	if _, err := l.compile(ctx, "ocifetch"); err != nil {
		return l, err
	}
	key, err := signingkey.Write(filepath.Join(l.dir, "keys"), "bench")
	if err != nil {
		return l, err
	}
	l.builder = &rebuild.Builder{Ocibuild: l.ocibuild, Key: key}
	l.host, err = filehost.Start(filepath.Join(l.dir, "served"))
	return l, err
}

// close ends servers and, unless it is to be kept, deletes what was made.
func (l *lab) close(ctx context.Context) error {
	var errs []error
	for _, w := range l.workspaces {
		errs = append(errs, w.Shutdown(ctx))
	}
	if l.host != nil {
		errs = append(errs, l.host.Close())
	}
	if !l.keep {
		errs = append(errs, bazel.RemoveAll(l.dir))
	}
	return errors.Join(errs...)
}

// checkout is the folder above the working directory that has the launcher.
func checkout() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "bazelw")); err == nil {
			return dir, nil
		}
		if dir == "/" {
			return "", fmt.Errorf("no bazelw in %s or a folder above it; run this in a checkout of rules_apk", start)
		}
	}
}

// compile builds a tool as a release has it.
func (l *lab) compile(ctx context.Context, name string) (string, error) {
	l.say("compiling %s", name)
	path := filepath.Join(l.dir, "bin", name)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, "./tools/cmd/"+name)
	cmd.Dir, cmd.Env = l.checkout, append(os.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("compiling %s: %w\n%s", name, err, output)
	}
	return path, nil
}

// lock runs a subcommand of apklock in a workspace, with a cache of its own.
func (l *lab) lock(ctx context.Context, dir string, args ...string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, l.apklock, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "XDG_CACHE_HOME="+filepath.Join(l.dir, "apklock"))
	start := time.Now()
	output, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("apklock %s: %w\n%s", strings.Join(args, " "), err, output)
	}
	return time.Since(start), nil
}

// say tells what goes on.
func (l *lab) say(format string, args ...any) {
	fmt.Fprintf(l.stderr, "%s bench: %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}

// add adds a row and tells of it.
func (l *lab) add(row report.Row) {
	text := row.Unit.Format(row.Values.Median())
	if over, ok := row.Over(); ok {
		text += ", " + row.Unit.Format(over) + " over the empty genrule"
	}
	if row.Want != "" {
		text += " (want " + row.Want + ")"
	}
	l.say("  %s: %s", row.Name, text)
	l.report.Add(row)
}

// repeat measures a figure n times; prepare, which is not measured, may be nil.
func (l *lab) repeat(ctx context.Context, n int, prepare func(ctx context.Context, run int) error, measure func(ctx context.Context) (float64, error)) (report.Series, error) {
	var series report.Series
	for run := range n {
		if prepare != nil {
			if err := prepare(ctx, run); err != nil {
				return nil, err
			}
		}
		value, err := measure(ctx)
		if err != nil {
			return nil, err
		}
		series = append(series, value)
	}
	return series, nil
}

// warmUp is how many runs do not count: Bazel's server compiles its own code while it works, and takes twice as long
// for what it has not done a few times.
const warmUp = 3

// settled is repeat after runs that do not count.
func (l *lab) settled(ctx context.Context, n int, prepare func(ctx context.Context, run int) error, measure func(ctx context.Context) (float64, error)) (report.Series, error) {
	series, err := l.repeat(ctx, n+warmUp, prepare, measure)
	if err != nil {
		return nil, err
	}
	return series[warmUp:], nil
}
