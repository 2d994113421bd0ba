package apkresolve

import (
	"fmt"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
)

// hard is a request of 200 packages that fails at the far end of a ladder: 40 names with 5 versions each, where version
// v of a step needs version v or v-1 of the next and excludes old ones of the one after that. All versions of the last
// step exclude the first, but for version 1 where there is an answer.
func hard(solvable bool) Request {
	const steps, versions = 40, 5
	var packages []*apkindex.Package
	name := func(i int) string { return fmt.Sprintf("step%02d", i) }
	for i := range steps {
		for v := 1; v <= versions; v++ {
			p := &apkindex.Package{Name: name(i), Version: fmt.Sprint(v)}
			if i+1 < steps {
				p.Depends = append(p.Depends, fmt.Sprintf("%s<=%d", name(i+1), v), fmt.Sprintf("%s>=%d", name(i+1), v-1))
			}
			if i+2 < steps && v > 1 {
				p.Depends = append(p.Depends, fmt.Sprintf("!%s<%d", name(i+2), v-1))
			}
			if i == steps-1 && (v > 1 || !solvable) {
				p.Depends = append(p.Depends, "!step00")
			}
			packages = append(packages, p)
		}
	}
	return Request{
		Arch:         "x86_64",
		Repositories: []Repository{{Packages: packages}},
		World:        []apkconstraint.Constraint{{Name: name(0)}},
	}
}

// counted answers a request and says how many conflicts the searches for the answer, or for the reason why there is
// none, met: what it costs on any machine.
func counted(t *testing.T, request Request) (*Solution, int, error) {
	t.Helper()
	c, err := newCatalog(&request)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.resolve()
	return s, c.conflicts, err
}

func TestHard(t *testing.T) {
	for _, solvable := range []bool{true, false} {
		s, conflicts, err := counted(t, hard(solvable))
		if (err == nil) != solvable {
			t.Errorf("solvable %v: got %v", solvable, err)
		}
		if s != nil && len(s.Packages) != 40 {
			t.Errorf("%d packages, want 40", len(s.Packages))
		}
		// Without learning there would be as many as paths through the ladder.
		if conflicts > 20 {
			t.Errorf("solvable %v: %d conflicts, want at most 20", solvable, conflicts)
		}
	}
}

// clauses is a request made from random clauses of three literals, about as many as make such instances hardest. Each
// boolean is a name with two versions, each clause a name with three providers that need one of the versions.
func clauses(seed uint64, names int) Request {
	random := newRandom(seed)
	var packages []*apkindex.Package
	var world []apkconstraint.Constraint
	for i := range names {
		for v := 1; v <= 2; v++ {
			packages = append(packages, &apkindex.Package{Name: fmt.Sprintf("n%d", i), Version: fmt.Sprint(v)})
		}
		world = append(world, apkconstraint.Constraint{Name: fmt.Sprintf("n%d", i)})
	}
	for i := range names * 425 / 100 {
		c := apkconstraint.Constraint{Name: fmt.Sprintf("clause%d", i), Op: "=", Version: "1"}
		world = append(world, c)
		for j := range 3 {
			packages = append(packages, &apkindex.Package{
				Name: fmt.Sprintf("way%d-%d", i, j), Version: "1",
				Provides: []string{c.Name + "=1"},
				Depends:  []string{fmt.Sprintf("n%d=%d", random.IntN(names), 1+random.IntN(2))},
			})
		}
	}
	return Request{Arch: "x86_64", Repositories: []Repository{{Packages: packages}}, World: world}
}

func TestRandomClauses(t *testing.T) {
	for names, most := range map[int]int{14: 1000, 40: 10_000} { // 205 and 590 packages
		found := 0
		for seed := range uint64(20) {
			request := clauses(seed, names)
			_, conflicts, err := counted(t, request)
			if conflicts > most {
				t.Errorf("%d packages, seed %d: %d conflicts, want at most %d", len(request.Repositories[0].Packages), seed, conflicts, most)
			}
			if err == nil {
				found++
			}
		}
		if found == 0 || found == 20 {
			t.Errorf("%d names: %d of 20 requests have an answer: they are not hard", names, found)
		}
	}
}
