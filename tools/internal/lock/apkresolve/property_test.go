package apkresolve

import (
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
)

const propertyCases = 10_000

func newRandom(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

// small makes random requests of up to ten packages, full of clashes.
type small struct{ *rand.Rand }

func (g small) request() Request {
	names := []string{"a", "b", "c", "d", "e"}[:3+g.IntN(3)]
	request := Request{Arch: "x86_64", Repositories: []Repository{{URL: "main"}, {URL: "more"}}}
	if g.IntN(4) == 0 {
		request.Repositories[1].Tag = "edge"
	}
	count := 0
	for _, name := range names {
		for _, version := range g.Perm(len(smallVersions))[:1+g.IntN(3)] {
			if count++; count > 10 {
				break
			}
			p := &apkindex.Package{Name: name, Version: smallVersions[version]}
			sum := sha1.Sum([]byte(p.String()))
			p.Checksum = "Q1" + base64.StdEncoding.EncodeToString(sum[:])
			p.Arch, p.Size, p.InstalledSize = request.Arch, 1, 1
			for range g.IntN(3) {
				p.Depends = append(p.Depends, g.dependency(names))
			}
			if g.IntN(3) == 0 {
				p.Provides = g.provides(names)
			}
			if g.IntN(5) == 0 {
				p.ProviderPriority = 1 + g.IntN(2)
			}
			if g.IntN(5) == 0 {
				for range 1 + g.IntN(2) {
					p.InstallIf = append(p.InstallIf, strings.TrimPrefix(g.dependency(names), "!"))
				}
			}
			r := &request.Repositories[g.IntN(2)]
			r.Packages = append(r.Packages, p)
		}
	}
	for range 1 + g.IntN(3) {
		c, err := apkconstraint.Parse(g.dependency(names))
		if err != nil {
			panic(err)
		}
		if request.Repositories[1].Tag != "" && g.IntN(2) == 0 {
			c.Tag = "edge"
		}
		request.World = append(request.World, c)
	}
	return request
}

func (g small) dependency(names []string) string {
	text := g.name(names)
	if g.IntN(2) == 0 {
		operators := []string{"=", "<", ">", "<=", ">=", "~", ">~", "<~"}
		text += operators[g.IntN(len(operators))] + g.version()
	}
	if g.IntN(5) == 0 {
		text = "!" + text
	}
	return text
}

// smallVersions are the versions of the packages.
var smallVersions = []string{"1", "1.5-r0", "2_rc1", "2", "2.0", "2.0-r1"}

func (g small) version() string { return smallVersions[g.IntN(len(smallVersions))] }

// name is that of a package, or of something that is only provided.
func (g small) name(names []string) string {
	if g.IntN(4) == 0 {
		return []string{"v", "w"}[g.IntN(2)]
	}
	return names[g.IntN(len(names))]
}

func (g small) provides(names []string) []string {
	name := g.name(names)
	if g.IntN(2) == 0 {
		name += "=" + g.version()
	}
	return []string{name}
}

// shuffled is the same request with everything in another order that should not matter.
func (g small) shuffled(request Request) Request {
	other := Request{Arch: request.Arch, World: slices.Clone(request.World)}
	g.Shuffle(len(other.World), func(i, j int) { other.World[i], other.World[j] = other.World[j], other.World[i] })
	for _, r := range request.Repositories {
		r.Packages = slices.Clone(r.Packages)
		g.Shuffle(len(r.Packages), func(i, j int) { r.Packages[i], r.Packages[j] = r.Packages[j], r.Packages[i] })
		other.Repositories = append(other.Repositories, r)
	}
	return other
}

// write shows a request, for failures.
func write(request Request) string {
	var b strings.Builder
	fmt.Fprintf(&b, "world: %v\n", request.World)
	for _, r := range request.Repositories {
		fmt.Fprintf(&b, "repository %s@%s\n", r.URL, r.Tag)
		for _, p := range r.Packages {
			fmt.Fprintf(&b, "  %s depends=%v provides=%v install_if=%v priority=%d\n", p, p.Depends, p.Provides, p.InstallIf, p.ProviderPriority)
		}
	}
	return b.String()
}

// TestBruteForce compares with trying everything: Resolve finds an answer exactly where there is one, and what it finds
// is one.
func TestBruteForce(t *testing.T) {
	found := 0
	for seed := range uint64(propertyCases) {
		g := small{newRandom(seed)}
		request := g.request()
		b := newBrute(request)
		answers := b.answers()
		s, err := Resolve(request)
		if err := compareBrute(b, answers, s, err); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, write(request))
		}
		if err := compareSearch(request, len(answers) > 0); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, write(request))
		}
		again, errAgain := Resolve(g.shuffled(request))
		if fmt.Sprint(err) != fmt.Sprint(errAgain) || !slices.Equal(lines(s), lines(again)) {
			t.Fatalf("seed %d: shuffled, the answer is %v %v, before it was %v %v\n%s", seed, lines(again), errAgain, lines(s), err, write(request))
		}
		if s != nil {
			found++
		}
	}
	t.Logf("%d cases, %d with an answer", propertyCases, found)
	if found < propertyCases/10 || found > propertyCases*9/10 {
		t.Errorf("%d of %d cases have an answer: the cases are not worth much", found, propertyCases)
	}
}

// checkOrder says whether a package comes before all that one of its dependencies asks for, without these leading to it
// in turn: by what they depend on or, as apk has it, by what they exclude at other versions. Where there is an
// install_if, apk may install in the middle of a chain, and there is no such rule.
func checkOrder(b *brute, s *Solution) error {
	place := map[string]int{}
	for i, p := range s.Packages {
		place[p.Name] = i
	}
	if slices.ContainsFunc(b.packages, func(p *apkindex.Package) bool { return len(p.InstallIf) > 0 }) {
		return nil
	}
	var leads func(from, to int, seen map[int]bool) bool
	leads = func(from, to int, seen map[int]bool) bool {
		if from == to {
			return true
		}
		seen[from] = true
		var next []string
		for _, p := range s.Packages {
			if mentions(s.Packages[from].Package.Depends, p.Package) {
				next = append(next, p.Name)
			}
		}
		return slices.ContainsFunc(next, func(name string) bool {
			return !seen[place[name]] && leads(place[name], to, seen)
		})
	}
	for i, p := range s.Packages {
		for _, c := range b.depends[slices.Index(b.packages, p.Package)] {
			meets := func(other Selected) bool { return b.matches(slices.Index(b.packages, other.Package), c) }
			if c.Conflict || slices.ContainsFunc(s.Packages[:i+1], meets) {
				continue
			}
			if later := i + 1 + slices.IndexFunc(s.Packages[i+1:], meets); !leads(later, i, map[int]bool{}) {
				return fmt.Errorf("%s comes before all that meets %q: %v", p.Name, c, lines(s))
			}
		}
	}
	return nil
}

// mentions says whether constraints have a name that the package goes by.
func mentions(constraints []string, p *apkindex.Package) bool {
	names := append([]string{p.Name}, p.Provides...)
	return slices.ContainsFunc(constraints, func(text string) bool {
		c, err := apkconstraint.Parse(text)
		return err == nil && slices.ContainsFunc(names, func(name string) bool {
			name, _, _ = strings.Cut(name, "=")
			return name == c.Name
		})
	})
}

// compareSearch has the search alone find an answer, where apk's own way finds most.
func compareSearch(request Request, want bool) error {
	c, err := newCatalog(&request)
	if err != nil {
		return err
	}
	chosen := newProblem(c).search(nil)
	if (chosen != nil) != want {
		return fmt.Errorf("the search alone finds %v, want an answer: %v", chosen, want)
	}
	if chosen == nil {
		return nil
	}
	v := verifier{catalog: c, chosen: chosen}
	return v.checkAll()
}

func compareBrute(b *brute, answers []uint, s *Solution, err error) error {
	if err != nil {
		var unsatisfiable *Unsatisfiable
		var unknown *UnknownName
		switch {
		case !errors.As(err, &unsatisfiable) && !errors.As(err, &unknown):
			return err
		case len(answers) > 0:
			return fmt.Errorf("no answer found (%w), but there are %d, one is %b", err, len(answers), answers[0])
		case unsatisfiable != nil && len(unsatisfiable.Reasons) == 0:
			return errors.New("no answer, and no reason given")
		}
		return nil
	}
	if err := checkOrder(b, s); err != nil {
		return err
	}
	set, ok := b.setOf(s)
	switch {
	case !ok:
		return fmt.Errorf("answer with foreign or repeated packages: %v", lines(s))
	case !slices.Contains(answers, set):
		return fmt.Errorf("the answer is wrong: %v", lines(s))
	case !b.closed(set, answers):
		return fmt.Errorf("the answer lacks what install_if adds: %v", lines(s))
	}
	return nil
}
