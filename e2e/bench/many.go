package main

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/rules-apk/rules_apk/e2e/bench/internal/report"
)

// measureMany builds more and more images on one lock.
func measureMany(ctx context.Context, l *lab) error {
	s, err := l.real(ctx)
	if err != nil {
		return err
	}
	base, err := l.baseline(ctx, s, "clean")
	if err != nil {
		return err
	}
	for _, n := range steps {
		name := "1 image"
		if n > 1 {
			name = fmt.Sprintf("%d images", n)
		}
		runs, repeat := l.runs, l.settled
		if n >= 1000 {
			runs, repeat = 1, l.repeat
		} else if n >= 100 {
			runs = min(l.runs, 3)
		}
		if n == 1 {
			// What has to be fetched for any of them.
			if _, err := s.Run(ctx, "build", append([]string{"--nobuild"}, targets(1000)...)...); err != nil {
				return err
			}
		}
		built, err := repeat(ctx, runs, clean(s.Workspace), timed(s.Workspace, targets(n)...))
		if err != nil {
			return err
		}
		l.add(report.Row{Scenario: "many", Name: name + ", after `bazel clean`", Unit: report.Seconds, Values: built, Baseline: base,
			Want: map[int]string{100: "< 1.5 × one image + 3 s"}[n]})
		none, err := l.repeat(ctx, min(l.runs, 3), nil, timed(s.Workspace, targets(n)...))
		if err != nil {
			return err
		}
		l.add(report.Row{Scenario: "many", Name: name + ", nothing changed", Unit: report.Seconds, Values: none,
			Want: map[int]string{1000: "< 2 s"}[n]})
	}
	return nil
}

// measureShares builds images after clean and says where the time goes.
func measureShares(ctx context.Context, l *lab) error {
	s, err := l.real(ctx)
	if err != nil {
		return err
	}
	const n = 100
	if _, err := s.Run(ctx, "clean"); err != nil {
		return err
	}
	_, metrics, err := s.Build(ctx, targets(n)...)
	if err != nil {
		return err
	}
	profile, err := s.Profile()
	if err != nil {
		return err
	}
	seconds := func(name string, value float64, note string) {
		l.add(report.Row{Scenario: "shares", Name: fmt.Sprintf("%d images, after `bazel clean`: %s", n, name), Unit: report.Seconds, Values: report.Series{value}, Note: note})
	}
	seconds("loading and analysis", metrics.Phases.Analysis, "As Bazel's own metrics say, with logs of events and of actions written; the phases overlap.")
	seconds("execution", metrics.Phases.Execution, "")
	programs := profile.Programs()
	peak, err := workerMemory(filepath.Join(s.Dir, "prebuilt", "ocibuild"))
	if err != nil {
		return err
	}
	l.add(report.Row{Scenario: "shares", Name: fmt.Sprintf("%d images, after `bazel clean`: peak memory of the worker", n), Unit: report.Bytes, Values: peak})
	for _, mnemonic := range slices.Sorted(maps.Keys(metrics.Executed)) {
		ran := float64(metrics.Executed[mnemonic])
		l.add(report.Row{Scenario: "shares", Name: fmt.Sprintf("%d images, after `bazel clean`: the program's time for one %s", n, mnemonic),
			Unit: report.Milliseconds, Values: report.Series{1000 * programs[mnemonic] / ran}, Note: fmt.Sprintf("The mean of %.0f; two at a time run on two CPUs.", ran)})
	}
	return nil
}
