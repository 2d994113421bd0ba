package apkresolve

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkoracle"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktest"
	"github.com/rules-apk/rules_apk/tools/internal/test/realpackages"
)

// The tests of this file compare with the real apk. RULES_APK_ORACLE chooses how much: "off", nothing; "full", every
// world of docs/resolver-report.md, which takes long and writes that report where RULES_APK_REPORT says; otherwise a
// part that fits into three minutes.

const (
	oracleSeed    = 20240319
	fullWorlds    = 2000
	partWorlds    = 400
	partSingles   = 800
	wholeSample   = 24 // worlds that are tried on the whole signed indexes too
	oracleWorkers = 2
)

func oracleMode(t testing.TB) string {
	t.Helper()
	mode := os.Getenv("RULES_APK_ORACLE")
	if mode == "off" || testing.Short() {
		t.Skip("the comparison with the real apk is switched off")
	}
	return mode
}

func newOracle(t testing.TB) *apkoracle.Oracle {
	t.Helper()
	o, err := apkoracle.New(realpackages.Dir(t), t.TempDir())
	if errors.Is(err, apkoracle.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func realIndex(t testing.TB, name string) string {
	return filepath.Join(realpackages.Dir(t), "index/alpine-3.19", name, apkoracle.Arch, "APKINDEX.tar.gz")
}

// realRepositories reads the two whole indexes of Alpine 3.19.
func realRepositories(t testing.TB) []Repository {
	t.Helper()
	var repositories []Repository
	for _, name := range []string{"main", "community"} {
		index := apktest.Index(t, realIndex(t, name), filepath.Join(realpackages.Dir(t), "keys"))
		repositories = append(repositories, Repository{URL: name, Packages: index.Packages})
	}
	return repositories
}

func parseWorld(t testing.TB, world []string) []apkconstraint.Constraint {
	t.Helper()
	var list []apkconstraint.Constraint
	for _, text := range world {
		c, err := apkconstraint.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	return list
}

// lines is a solution in the form in which the oracle gives its own.
func lines(s *Solution) []string {
	var list []string
	if s != nil {
		for _, p := range s.Packages {
			list = append(list, p.Name+" "+p.Version)
		}
	}
	return list
}

// comparison is one world, answered twice. An answer of nil is a refusal.
type comparison struct {
	world     []string
	ours      []string
	ourError  error
	apks      []string
	apksError error
}

func (c *comparison) sameOrder() bool {
	return (c.ourError == nil) == (c.apksError == nil) && slices.Equal(c.ours, c.apks)
}

func (c *comparison) sameSet() bool {
	sorted := func(list []string) []string { return slices.Sorted(slices.Values(list)) }
	return (c.ourError == nil) == (c.apksError == nil) && slices.Equal(sorted(c.ours), sorted(c.apks))
}

// difference says how the answers differ.
func (c *comparison) difference() string {
	switch {
	case c.apksError != nil:
		return fmt.Sprintf("apk refuses; ours: %d packages", len(c.ours))
	case c.ourError != nil:
		return fmt.Sprintf("apk: %d packages; ours: %v", len(c.apks), c.ourError)
	case c.sameSet():
		i := 0
		for c.ours[i] == c.apks[i] {
			i++
		}
		return fmt.Sprintf("place %d: ours %s, apk's %s", i+1, c.ours[i], c.apks[i])
	}
	without := func(list, other []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
	}
	return fmt.Sprintf("only ours: %v; only apk's: %v", without(c.ours, c.apks), without(c.apks, c.ours))
}

// compareAll answers all worlds with both, in the order given. Where whole is not set, apk gets for each world only the
// part of the indexes that the world can lead to, unsigned: reading the indexes is nearly all of its time.
func compareAll(t *testing.T, worlds [][]string, whole bool) []comparison {
	t.Helper()
	results := make([]comparison, len(worlds))
	next := make(chan int)
	var wait sync.WaitGroup
	for range oracleWorkers {
		oracle := newOracle(t)
		c, err := newCatalog(&Request{Arch: apkoracle.Arch, Repositories: realRepositories(t)})
		if err != nil {
			t.Fatal(err)
		}
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := range next {
				results[i] = compareOne(t, oracle, c, worlds[i], whole)
			}
		}()
	}
	for i := range worlds {
		next <- i
	}
	close(next)
	wait.Wait()
	return results
}

// setWorld has the catalog answer for another world, without reading the packages again.
func (c *catalog) setWorld(world []apkconstraint.Constraint) error {
	request := *c.request
	request.World = world
	c.request, c.world = &request, nil
	return c.addWorld()
}

func compareOne(t *testing.T, oracle *apkoracle.Oracle, c *catalog, world []string, whole bool) comparison {
	result := comparison{world: world}
	if err := c.setWorld(parseWorld(t, world)); err != nil {
		t.Error(err)
		return result
	}
	s, err := c.resolve()
	result.ours, result.ourError = lines(s), err

	var repositories []string
	for i, repository := range c.request.Repositories {
		var name string
		if whole {
			name, err = oracle.AddSigned(repository.URL, realIndex(t, repository.URL))
		} else {
			name, err = oracle.AddUnsigned(repository.URL, reachable(c, i))
		}
		if err != nil {
			t.Error(err)
			return result
		}
		repositories = append(repositories, name)
	}
	result.apks, result.apksError = oracle.Simulate(repositories, world)
	var refusal *apkoracle.Refusal
	if result.apksError != nil && !errors.As(result.apksError, &refusal) {
		t.Errorf("%v: %v", world, result.apksError)
	}
	return result
}

// reachable gives the packages of a repository that apk would look at for the world of the catalog.
func reachable(c *catalog, repository int) []*apkindex.Package {
	d := &deduction{catalog: c, packages: make([]packageState, len(c.packages))}
	d.grow()
	for i := range c.world {
		d.discover(c.world[i].name)
	}
	var list []*apkindex.Package
	for id := range d.packages {
		if d.packages[id].seen && c.packages[id].repositories&(1<<repository) != 0 {
			list = append(list, c.packages[id].Package)
		}
	}
	return list
}

// worldsOfOne has a world for every package of the indexes.
func worldsOfOne(repositories []Repository) [][]string {
	count := map[string]int{}
	for _, r := range repositories {
		for _, p := range r.Packages {
			count[p.Name]++
		}
	}
	var worlds [][]string
	for _, r := range repositories {
		for _, p := range r.Packages {
			text := p.Name
			if count[p.Name] > 1 {
				text += "=" + p.Version // each version of it
			}
			worlds = append(worlds, []string{text})
		}
	}
	return worlds
}

func TestOracle(t *testing.T) {
	mode := oracleMode(t)
	repositories := realRepositories(t)
	singles := worldsOfOne(repositories)
	random := randomWorlds(oracleSeed, fullWorlds, repositories)
	small, pairs := fullSmall, fullPairs
	if mode != "full" {
		small, pairs = partSmall, partPairs
		random = random[:partWorlds]
		step := len(singles) / partSingles
		for i := range partSingles {
			singles[i] = singles[i*step]
		}
		singles = singles[:partSingles]
	}
	r := &report{}
	r.add("Random worlds of 1 to 8 names", compareAll(t, random, false))
	r.add("Every package as a world of one", compareAll(t, singles, false))
	// That the parts of the indexes give the same answers as the whole.
	var sample [][]string
	for i := range wholeSample {
		sample = append(sample, random[i*len(random)/wholeSample])
	}
	r.add("Some of the random worlds again, on the whole signed indexes", compareAll(t, sample, true))
	r.addSmall(small, compareSmall(t, small))
	r.addPairs(pairs, comparePairs(t, pairs, repositories))
	t.Log("\n" + r.String())
	if path := os.Getenv("RULES_APK_REPORT"); path != "" {
		if err := os.WriteFile(path, []byte(r.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, failure := range r.failures {
		t.Error(failure)
	}
}
