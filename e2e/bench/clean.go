package main

import (
	"context"
	"errors"

	"github.com/rules-apk/rules_apk/e2e/bench/internal/bazel"
	"github.com/rules-apk/rules_apk/e2e/bench/internal/report"
)

// measureClean builds an image from nothing, after clean, and again.
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
	cleaned, err := l.settled(ctx, l.runs, clean(s.Workspace), timed(s.Workspace, targets(1)...))
	if err != nil {
		return err
	}
	l.add(report.Row{Scenario: "clean", Name: "one image, after `bazel clean`", Unit: report.Seconds, Values: cleaned, Baseline: base, Want: "< 1 s over"})
	none, err := l.repeat(ctx, l.runs, nil, timed(s.Workspace, targets(1)...))
	if err != nil {
		return err
	}
	mapped := append([]string{pathMapping}, targets(1)...)
	cleaned, err = l.settled(ctx, min(l.runs, 3), clean(s.Workspace), timed(s.Workspace, mapped...))
	if err != nil {
		return err
	}
	l.add(report.Row{Scenario: "clean", Name: "the same with path mapping, so without workers", Unit: report.Seconds, Values: cleaned, Baseline: base})
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
		Note: "A new output base and an empty repository cache: Bazel's server starts, modules are read, every package is fetched."})
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
		Note: "As before, but the server runs, and has built a layer of files."})
	return nil
}
