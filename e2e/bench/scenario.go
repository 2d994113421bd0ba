package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// scenario is something that is measured, a few rows of the table.
type scenario struct {
	name, about string
	run         func(ctx context.Context, l *lab) error
}

// all scenarios, in the order in which they run.
func all() []scenario {
	return []scenario{
		{"clean", "an image, a no-op and an empty genrule, after clean with everything fetched", measureClean},
		{"bump", "one package of the lock is rebuilt", measureBump},
		{"app", "one line of an application on top of an image changes", measureApp},
		{"many", "1, 10, 100 and 1,000 images on one lock", measureMany},
		{"shares", "where the time goes", measureShares},
		{"remote", "a remote cache, and a second output base without package server", measureRemote},
		{"opt", "the same images with -c opt", measureOpt},
		{"scale", "analysis of 1,000 images on 5,000 generated packages", measureScale},
		{"tool", "ocibuild alone: its start and its memory", measureTool},
	}
}

// choose returns the scenarios of these names, all for none.
func choose(names []string) ([]scenario, error) {
	if len(names) == 0 {
		return all(), nil
	}
	var known []string
	for _, s := range all() {
		known = append(known, s.name)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("--scenario: %q is none of %s", name, strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(all(), func(s scenario) bool { return !slices.Contains(names, s.name) }), nil
}
