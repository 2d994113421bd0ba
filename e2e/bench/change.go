package main

import (
	"context"
	"fmt"

	"github.com/rules-apk/rules_apk/e2e/bench/internal/report"
)

// measureBump builds an image after one of its packages was rebuilt.
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
	built, err := l.settled(ctx, l.runs, prepare, timed(s.Workspace, targets(1)...))
	if err != nil {
		return err
	}
	l.add(report.Row{Scenario: "bump", Name: "`apklock update` of one package", Unit: report.Seconds, Values: locking[1:]})
	l.add(report.Row{Scenario: "bump", Name: "one image, one package bumped", Unit: report.Seconds, Values: built, Baseline: base, Want: "< 0.5 s over"})
	return nil
}

// measureApp builds an application's image after a change of its own.
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
	built, err := l.settled(ctx, l.runs, func(_ context.Context, run int) error {
		return s.Write("app/main.sh", fmt.Sprintf("echo %d\n", run+1))
	}, timed(s.Workspace, "//app"))
	if err != nil {
		return err
	}
	l.add(report.Row{Scenario: "app", Name: "an application's image, one line of it changed", Unit: report.Seconds, Values: built, Baseline: base})
	return nil
}
