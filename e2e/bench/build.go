package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/rules-apk/rules_apk/e2e/bench/internal/bazel"
	"github.com/rules-apk/rules_apk/e2e/bench/internal/report"
)

const genrule = "//empty"

// timed builds patterns and returns the wall time in seconds.
func timed(w *bazel.Workspace, patterns ...string) func(ctx context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		call, err := w.Run(ctx, "build", patterns...)
		if err != nil {
			return 0, err
		}
		return call.Wall.Seconds(), nil
	}
}

func clean(w *bazel.Workspace) func(ctx context.Context, run int) error {
	return func(ctx context.Context, _ int) error {
		_, err := w.Run(ctx, "clean")
		return err
	}
}

// baseline is the build of an empty genrule by the same server, measured once
// for each state of it: "clean" or "warm".
func (l *lab) baseline(ctx context.Context, s *realSet, state string) (*float64, error) {
	series, ok := l.baselines[state]
	if !ok {
		prepare := clean(s.Workspace)
		if state == "warm" {
			// Another build in between, for a no-op of the same command is what Bazel does fastest.
			prepare = func(ctx context.Context, run int) error {
				return s.Write("empty/BUILD.bazel", fmt.Sprintf("%s# %d\n", emptyGenrule, run))
			}
		}
		if _, err := s.Run(ctx, "build", genrule, "//images/n1:all"); err != nil {
			return nil, err
		}
		var err error
		if series, err = l.repeat(ctx, l.runs, prepare, timed(s.Workspace, genrule)); err != nil {
			return nil, err
		}
		l.baselines[state] = series
		l.add(report.Row{Scenario: "baseline", Name: map[string]string{
			"clean": "an empty genrule, after `bazel clean`",
			"warm":  "an empty genrule, its BUILD file changed",
		}[state], Unit: report.Seconds, Values: series})
	}
	median := series.Median()
	return &median, nil
}

func measureClean(ctx context.Context, l *lab) error {
	s, err := l.real(ctx)
	if err != nil {
		return err
	}
	if err := l.cold(ctx, s); err != nil {
		return err
	}
	base, err := l.baseline(ctx, s, "clean")
	if err != nil {
		return err
	}
	cleaned, err := l.repeat(ctx, l.runs, clean(s.Workspace), timed(s.Workspace, targets(1)...))
	if err != nil {
		return err
	}
	l.add(report.Row{Scenario: "clean", Name: "one image, after `bazel clean`", Unit: report.Seconds, Values: cleaned, Baseline: base, Want: "< 1 s over"})
	none, err := l.repeat(ctx, l.runs, nil, timed(s.Workspace, targets(1)...))
	if err != nil {
		return err
	}
	l.add(report.Row{Scenario: "no-op", Name: "one image, nothing changed", Unit: report.Seconds, Values: none})
	return nil
}

// cold builds an image in new output bases.
func (l *lab) cold(ctx context.Context, s *realSet) error {
	empty := func(ctx context.Context, _ int) error {
		return errors.Join(s.Discard(ctx), bazel.RemoveAll(s.Base+".repositories"))
	}
	nothing, err := l.repeat(ctx, min(l.runs, 2), empty, timed(s.Workspace, targets(1)...))
	if err != nil {
		return err
	}
	l.add(report.Row{Scenario: "cold", Name: "one image, from nothing", Unit: report.Seconds, Values: nothing,
		Note: "A new output base and an empty repository cache: Bazel's server starts, toolchains of Bazel and rules_go are set up, every package is fetched."})
	fetched, err := l.repeat(ctx, min(l.runs, 3), func(ctx context.Context, run int) error {
		if err := empty(ctx, run); err != nil {
			return err
		}
		_, err := s.Run(ctx, "build", genrule, "//app:layer")
		return err
	}, timed(s.Workspace, targets(1)...))
	if err != nil {
		return err
	}
	l.add(report.Row{Scenario: "cold", Name: "one image, every package fetched", Unit: report.Seconds, Values: fetched,
		Note: "As before, but the server has built a layer of files already, for which toolchains are needed, too."})
	return nil
}

func measureBump(ctx context.Context, l *lab) error {
	s, err := l.real(ctx)
	if err != nil {
		return err
	}
	base, err := l.baseline(ctx, s, "warm")
	if err != nil {
		return err
	}
	var locking report.Series
	prepare := func(ctx context.Context, _ int) error {
		took, err := s.bump(ctx)
		locking = append(locking, took.Seconds())
		return err
	}
	built, err := l.repeat(ctx, l.runs, prepare, timed(s.Workspace, targets(1)...))
	if err != nil {
		return err
	}
	l.add(report.Row{Scenario: "bump", Name: "`apklock update` of one package", Unit: report.Seconds, Values: locking})
	l.add(report.Row{Scenario: "bump", Name: "one image, one package bumped", Unit: report.Seconds, Values: built, Baseline: base, Want: "< 0.5 s over"})
	return nil
}

func measureApp(ctx context.Context, l *lab) error {
	s, err := l.real(ctx)
	if err != nil {
		return err
	}
	base, err := l.baseline(ctx, s, "warm")
	if err != nil {
		return err
	}
	if _, err := s.Run(ctx, "build", "//app"); err != nil {
		return err
	}
	built, err := l.repeat(ctx, l.runs, func(_ context.Context, run int) error {
		return s.Write("app/main.sh", fmt.Sprintf("echo %d\n", run+1))
	}, timed(s.Workspace, "//app"))
	if err != nil {
		return err
	}
	l.add(report.Row{Scenario: "app", Name: "an application's image, one line of it changed", Unit: report.Seconds, Values: built, Baseline: base})
	return nil
}
