package apkresolve

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkoracle"
)

const (
	fullSmall = 10_000
	partSmall = 1_500
)

// smallKinds are the ways in which two answers on a small repository may relate.
var smallKinds = []string{
	"the same set in the same order", "both refuse", "the same set in another order", "apk refuses, ours answers",
	"apk's answer breaks a rule", "apk's answer lacks what install_if adds", "not a world for apk",
}

// compareSmall compares on random repositories of up to ten packages, which are full of clashes, virtuals, priorities
// and tags, and counts how the answers relate. Where they are not the same, apk's must be none or wrong, by brute
// force.
func compareSmall(t *testing.T, cases int) map[string]int {
	t.Helper()
	oracle := newOracle(t)
	count := map[string]int{}
	for seed := range uint64(cases) {
		request := small{newRandom(1_000_000 + seed)}.request()
		slices.SortFunc(request.Repositories[0].Packages, comparePackages)
		slices.SortFunc(request.Repositories[1].Packages, comparePackages)
		c, usable := askSmall(t, oracle, request)
		if !usable {
			count["not a world for apk"]++
			continue
		}
		kind := kindOfSmall(newBrute(request), &c)
		count[kind]++
		if kind == "" {
			t.Errorf("seed %d: %s (ours %v %v, apk's %v)\n%s", seed, c.difference(), c.ours, c.ourError, c.apks, write(request))
		}
	}
	return count
}

// askSmall has both answer. A world with two constraints on one name is not one that apk takes.
func askSmall(t *testing.T, oracle *apkoracle.Oracle, request Request) (comparison, bool) {
	var c comparison
	names := map[string]bool{}
	for _, constraint := range request.World {
		if names[constraint.Name] {
			return c, false
		}
		names[constraint.Name] = true
		c.world = append(c.world, constraint.String())
	}
	var repositories []string
	for _, r := range request.Repositories {
		name, err := oracle.AddUnsigned(r.URL, r.Packages)
		if err != nil {
			t.Fatal(err)
		}
		if r.Tag != "" {
			name = fmt.Sprintf("@%s %s", r.Tag, name)
		}
		repositories = append(repositories, name)
	}
	s, err := Resolve(request)
	c.ours, c.ourError = lines(s), err
	c.apks, c.apksError = oracle.Simulate(repositories, c.world)
	var refusal *apkoracle.Refusal
	if c.apksError != nil && !errors.As(c.apksError, &refusal) {
		t.Fatal(c.apksError)
	}
	return c, true
}

// kindOfSmall says how two answers relate, or "" where ours cannot be defended.
func kindOfSmall(b *brute, c *comparison) string {
	switch {
	case c.ourError != nil && c.apksError != nil:
		return "both refuse"
	case c.sameOrder():
		return "the same set in the same order"
	case c.sameSet():
		return "the same set in another order"
	case c.apksError != nil:
		return "apk refuses, ours answers"
	}
	var set uint
	for i, p := range b.packages {
		if slices.Contains(c.apks, p.Name+" "+p.Version) {
			set |= 1 << i
		}
	}
	switch answers := b.answers(); {
	case !slices.Contains(answers, set):
		return "apk's answer breaks a rule"
	case !b.closed(set, answers):
		return "apk's answer lacks what install_if adds"
	}
	return ""
}
