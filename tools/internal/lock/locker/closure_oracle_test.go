package locker

import (
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkoracle"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktest"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkresolve"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
	"github.com/rules-apk/rules_apk/tools/internal/test/realpackages"
)

// The tests of this file compare with the real apk. RULES_APK_CLOSURE_PAIRS says how many pairs of a lock and an image
// to compare.
const (
	closureSeed    = 20240612
	closurePairs   = 400
	imagesEach     = 20 // of one lock
	closureWorkers = 2
)

// knownOrders are the images, and the worlds of their locks, whose packages are apk's in another order: of 20,000 pairs of
// the real indexes, this one.
var knownOrders = []string{
	"[lua5.2-optarg lua-json4 lua5.2 lua5.1] of [lua5.2 lua-json4 luasrcdiet freeswitch-sounds-fr-ca-june-8000 lua5.1 uidmapshift]",
}

// pair is an image of a lock, answered twice. An answer of nil is a refusal.
type pair struct {
	world, roots   []string
	ours, apks     []string
	ourErr, apkErr error
	virtuals       int    // in the lock
	listed         string // the lock's packages, if they are few
}

// TestClosureOracle: for locks made of random worlds, and images of random packages of them, the image has what apk add
// of these packages installs from an index of exactly the locked packages, in the same order: of 20,000 pairs one had
// another (docs/resolver-report.md).
func TestClosureOracle(t *testing.T) {
	comparePairs(t, newWorlds([]apkresolve.Repository{realRepository(t, "main"), realRepository(t, "community")}), func(int) int { return 0 })
}

// TestClosureOracleInvented is the same for small repositories that are full of names with several providers. Where apk
// ranks a name by the depth of what a package excludes in part ("!a<1"), and that is not at hand since nothing brings
// it along, the same packages can come in another order: one in 1,500 does.
func TestClosureOracleInvented(t *testing.T) {
	comparePairs(t, nil, func(pairs int) int { return pairs/1000 + 1 })
}

// comparePairs compares with the real apk; without worlds, each lock has repositories of its own. How many of the pairs
// may have the same packages in another order is given.
func comparePairs(t *testing.T, g *worlds, reordered func(pairs int) int) {
	t.Helper()
	pairs := closurePairs
	if text := os.Getenv("RULES_APK_CLOSURE_PAIRS"); text != "" {
		var err error
		if pairs, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	if testing.Short() || pairs == 0 {
		t.Skip("the comparison with the real apk is switched off")
	}
	locks := make(chan int)
	results := make(chan pair)
	var wait sync.WaitGroup
	for range closureWorkers {
		oracle := newOracle(t)
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := range locks {
				compareLock(t, oracle, g, i, results)
			}
		}()
	}
	go func() {
		for i := range (pairs + imagesEach - 1) / imagesEach {
			locks <- i
		}
		close(locks)
		wait.Wait()
		close(results)
	}()
	var all, refused, choices, packages, failures, orders int
	for p := range results {
		all++
		packages += len(p.ours)
		if p.virtuals > 0 {
			choices++
		}
		if p.ourErr != nil {
			refused++
		}
		if (p.ourErr == nil) != (p.apkErr == nil) || !slices.Equal(p.ours, p.apks) {
			same := p.ourErr == nil && p.apkErr == nil && slices.Equal(sortedCopy(p.ours), sortedCopy(p.apks))
			if failures++; same {
				orders++
			}
			report := t.Errorf
			known := slices.Contains(knownOrders, fmt.Sprintf("%v of %v", p.roots, p.world))
			if same && (known || orders <= reordered(pairs)) {
				report = t.Logf
			}
			report("lock of %v, image of %v:\n%sours %v %v\napk  %v %v", p.world, p.roots, p.listed, p.ours, p.ourErr, p.apks, p.apkErr)
		}
	}
	t.Logf("%d pairs, %d of locks with a choice; the same packages in the same order: %d (%d packages), both refuse: %d, in another order: %d, different: %d",
		all, choices, all-refused-failures, packages, refused, orders, failures-orders)
}

// compareLock makes lock number i and compares images of it.
func compareLock(t *testing.T, oracle *apkoracle.Oracle, g *worlds, i int, results chan<- pair) {
	random := rand.New(rand.NewPCG(closureSeed, uint64(i)))
	if g == nil {
		g = newWorlds([]apkresolve.Repository{{URL: "first", Packages: inventedPackages(random)}, {URL: "second", Packages: inventedPackages(random)}})
	}
	var entries []lockfile.Package
	var solution *apkresolve.Solution
	var world []string
	for solution == nil {
		world = g.world(random)
		list, err := parseWorld(world)
		if err != nil {
			t.Error(err)
			return
		}
		if entries, solution, err = lockedSet(g.reachable(list), list); err != nil {
			solution = nil // what no lock can be made of
		}
	}
	h, err := newHub(newLoader(t), entries)
	if err != nil {
		t.Error(err)
		return
	}
	var names []string
	for r := range g.repositories {
		var locked []*apkindex.Package
		for _, p := range solution.Packages {
			if p.Repository == r {
				locked = append(locked, p.Package)
			}
		}
		name, err := oracle.AddUnsigned(strconv.Itoa(r), locked)
		if err != nil {
			t.Error(err)
			return
		}
		names = append(names, name)
	}
	for range imagesEach {
		p := pair{world: world, roots: imageRoots(random, world, entries), virtuals: choicesOf(entries), listed: listing(solution)}
		p.ours, p.ourErr = h.image(p.roots)
		p.apks, p.apkErr = oracle.Simulate(names, p.roots)
		var refusal *apkoracle.Refusal
		if p.apkErr != nil && !errors.As(p.apkErr, &refusal) {
			t.Error(p.apkErr)
		}
		results <- p
	}
}

func sortedCopy(list []string) []string { return slices.Sorted(slices.Values(list)) }

// imageRoots names some of the locked packages: what the lock was made for, or anything in it.
func imageRoots(random *rand.Rand, world []string, entries []lockfile.Package) []string {
	locked := make(map[string]bool)
	for i := range entries {
		locked[entries[i].Name] = true
	}
	var roots []string
	for range 1 + random.IntN(6) {
		name := entries[random.IntN(len(entries))].Name
		if at := random.IntN(2 * len(world)); at < len(world) && locked[world[at]] {
			name = world[at]
		}
		if !slices.Contains(roots, name) {
			roots = append(roots, name)
		}
	}
	return roots
}

// listing describes the packages of a small lock.
func listing(s *apkresolve.Solution) string {
	if len(s.Packages) > 28 {
		return ""
	}
	var b strings.Builder
	for _, p := range s.Packages {
		fmt.Fprintf(&b, "  %s of %d D:%v p:%q k:%d i:%q\n", p, p.Repository, p.Depends, p.Package.Provides, p.ProviderPriority, p.Package.InstallIf)
	}
	return b.String()
}

// choicesOf counts what several packages meet.
func choicesOf(entries []lockfile.Package) int {
	choices := 0
	for i := range entries {
		for _, r := range entries[i].Depends {
			if len(r.By) > 1 {
				choices++
			}
		}
	}
	return choices
}

// BenchmarkImage works out images of about 100 packages, with and without a choice to make.
func BenchmarkImage(b *testing.B) {
	g := newWorlds([]apkresolve.Repository{realRepository(b, "main"), realRepository(b, "community")})
	for _, bb := range []struct {
		name, lock, image string
	}{
		{"without choice", "alpine-base chrony openssh nginx postgresql16 python3 git curl vim bash", "alpine-base chrony openssh nginx postgresql16 python3 git curl vim bash"},
		{"with a choice", "alpine-base chrony openssh nginx python3 git curl vim bash java-cacerts openjdk11-jre-headless openjdk17-jre-headless jenkins", "alpine-base chrony openssh nginx python3 git curl vim bash openjdk17-jre-headless jenkins"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			world := constraints(b, strings.Fields(bb.lock))
			entries, _, err := lockedSet(g.reachable(world), world)
			if err != nil {
				b.Skip(err)
			}
			h, err := newHub(newLoader(b), entries)
			if err != nil {
				b.Fatal(err)
			}
			packages := 0
			for b.Loop() {
				got, err := h.image(strings.Fields(bb.image))
				if err != nil {
					b.Fatal(err)
				}
				packages = len(got)
			}
			b.ReportMetric(float64(packages), "packages")
		})
	}
}

func newOracle(t *testing.T) *apkoracle.Oracle {
	t.Helper()
	oracle, err := apkoracle.New(realpackages.Dir(t), t.TempDir())
	if errors.Is(err, apkoracle.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return oracle
}

func realRepository(t testing.TB, name string) apkresolve.Repository {
	t.Helper()
	dir := realpackages.Dir(t)
	index := apktest.Index(t, filepath.Join(dir, "index", "alpine-3.19", name, testArch, "APKINDEX.tar.gz"), filepath.Join(dir, "keys"))
	return apkresolve.Repository{URL: name, Packages: index.Packages}
}

// worlds makes random worlds with many choices in them.
type worlds struct {
	repositories []apkresolve.Repository
	packages     []*apkindex.Package
	// several has the names that several packages have as a virtual and others need.
	several   []string
	providers map[string][]*apkindex.Package
	users     map[string][]*apkindex.Package // of such names
	// byName has who goes by a name, and waiting who waits for it.
	byName, waiting map[string][]*apkindex.Package
}

func newWorlds(repositories []apkresolve.Repository) *worlds {
	g := &worlds{
		repositories: repositories, providers: make(map[string][]*apkindex.Package), users: make(map[string][]*apkindex.Package),
		byName: make(map[string][]*apkindex.Package), waiting: make(map[string][]*apkindex.Package),
	}
	for _, r := range repositories {
		g.packages = append(g.packages, r.Packages...)
	}
	for _, p := range g.packages {
		g.byName[p.Name] = append(g.byName[p.Name], p)
		for _, provide := range p.Provides {
			name := nameOf(provide)
			if name == provide {
				g.providers[name] = append(g.providers[name], p)
			}
			g.byName[name] = append(g.byName[name], p)
		}
		for _, part := range p.InstallIf {
			g.waiting[nameOf(part)] = append(g.waiting[nameOf(part)], p)
		}
	}
	for _, p := range g.packages {
		for _, d := range p.Depends {
			if len(g.providers[d]) > 0 {
				g.users[d] = append(g.users[d], p)
			}
		}
	}
	for name, providers := range g.providers {
		if len(providers) > 1 && len(g.users[name]) > 0 {
			g.several = append(g.several, name)
		}
	}
	slices.Sort(g.several)
	return g
}

func nameOf(constraint string) string {
	name := strings.TrimPrefix(constraint, "!")
	if i := strings.IndexAny(name, "<>=~@"); i >= 0 {
		name = name[:i]
	}
	return name
}

// world has packages of all kinds, and of some names several providers and one that needs the name.
func (g *worlds) world(random *rand.Rand) []string {
	var world []string
	add := func(p *apkindex.Package) {
		if !slices.Contains(world, p.Name) {
			world = append(world, p.Name)
		}
	}
	pick := func(list []*apkindex.Package) {
		if len(list) > 0 {
			add(list[random.IntN(len(list))])
		}
	}
	for rounds := 1 + random.IntN(6); rounds > 0 || len(world) == 0; rounds-- {
		switch random.IntN(4) {
		case 0:
			pick(g.packages)
		case 1:
			for _, name := range []string{"docs", "bash-completion", "openrc", "python3", "fish", "zsh", "udev"} {
				if random.IntN(7) == 0 {
					pick(g.byName[name])
				}
			}
			pick(g.packages)
		default:
			if len(g.several) == 0 {
				continue
			}
			name := g.several[random.IntN(len(g.several))]
			for range 1 + random.IntN(4) {
				pick(g.providers[name])
			}
			for range 1 + random.IntN(2) {
				pick(g.users[name])
			}
		}
	}
	return world
}

// reachable leaves of the repositories what a world can lead to: to look at all of it each time takes long.
func (g *worlds) reachable(world []apkconstraint.Constraint) []apkresolve.Repository {
	found := make(map[*apkindex.Package]bool)
	seen := make(map[string]bool)
	var queue []string
	for _, c := range world {
		queue = append(queue, c.Name)
	}
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		if seen[name] {
			continue
		}
		seen[name] = true
		for _, p := range slices.Concat(g.byName[name], g.waiting[name]) {
			if found[p] {
				continue
			}
			found[p] = true
			queue = append(queue, p.Name)
			for _, list := range [][]string{p.Depends, p.Provides} {
				for _, text := range list {
					queue = append(queue, nameOf(text))
				}
			}
		}
	}
	var repositories []apkresolve.Repository
	for _, r := range g.repositories {
		part := apkresolve.Repository{URL: r.URL}
		for _, p := range r.Packages {
			if found[p] {
				part.Packages = append(part.Packages, p)
			}
		}
		repositories = append(repositories, part)
	}
	return repositories
}

// inventedPackages makes up to ten packages that depend on each other by names that one or several of them have.
func inventedPackages(random *rand.Rand) []*apkindex.Package {
	virtual := func() string { return string(rune('v' + random.IntN(5))) }
	name := func() string { return string(rune('a' + random.IntN(14))) }
	var list []*apkindex.Package
	for at := range 14 {
		if random.IntN(3) == 0 {
			continue
		}
		p := &apkindex.Package{Name: string(rune('a' + at)), Version: strconv.Itoa(1 + random.IntN(2)), Arch: testArch}
		for range random.IntN(4) {
			p.Depends = append(p.Depends, []string{virtual(), virtual(), name(), "!" + name() + "<1"}[random.IntN(4)])
		}
		if random.IntN(6) == 0 {
			p.Provides = append(p.Provides, p.Name+"1=1")
		}
		if random.IntN(3) == 0 {
			p.ProviderPriority = 1 + random.IntN(3)
		}
		if random.IntN(5) > 0 {
			for range random.IntN(3) {
				p.Provides = append(p.Provides, virtual())
			}
		} else {
			p.InstallIf = []string{name(), []string{virtual(), name(), "!" + name() + "<1"}[random.IntN(3)]}
		}
		slices.Sort(p.Provides)
		p.Provides = slices.Compact(p.Provides)
		sum := sha1.Sum(fmt.Append(nil, random.Uint64()))
		p.Checksum = "Q1" + base64.StdEncoding.EncodeToString(sum[:])
		list = append(list, p)
	}
	return list
}
