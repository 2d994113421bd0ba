package main

import (
	"context"
	"fmt"

	"github.com/rules-apk/rules_apk/e2e/bench/internal/bazel"
	"github.com/rules-apk/rules_apk/e2e/bench/internal/report"
)

const (
	genrule     = "//empty"
	pathMapping = "--experimental_output_paths=strip"
)

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

// baseline is the build of an empty genrule by the same server, measured once for each state of it: "clean" or "warm".
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
		if series, err = l.settled(ctx, l.runs, prepare, timed(s.Workspace, genrule)); err != nil {
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
