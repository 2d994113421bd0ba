package locker

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/lock/apkresolve"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockgraph"
)

// TestClosure: what `affected` and `diff --cost` take for an image's packages is what the image has. Where several
// packages provide what another needs, which is rare in real locks and common here, it may be a guess.
func TestClosure(t *testing.T) {
	plain, exact, guesses, wrong := 0, 0, 0, 0
	for i := range uint64(400) {
		random := rand.New(rand.NewPCG(7, i))
		g := newWorlds([]apkresolve.Repository{{URL: "first", Packages: inventedPackages(random)}})
		world := g.world(random)
		list, err := parseWorld(world)
		if err != nil {
			t.Fatal(err)
		}
		entries, _, err := lockedSet(g.reachable(list), list)
		if err != nil || len(entries) == 0 {
			continue // what no lock can be made of
		}
		h, err := newHub(newLoader(t), entries)
		if err != nil {
			t.Fatal(err)
		}
		roots := imageRoots(random, world, entries)
		image, err := h.image(roots)
		if err != nil {
			continue // Bazel refuses
		}
		var want []string
		for _, line := range image {
			name, _, _ := strings.Cut(line, " ")
			want = append(want, name)
		}
		slices.Sort(want)
		graph, err := lockgraph.New(&lockfile.Lock{Packages: entries}, testArch)
		if err != nil {
			t.Fatal(err)
		}
		got := graph.Closure(roots)
		same := slices.Equal(got, want)
		switch choices := choicesOf(entries) > 0; {
		case same && choices:
			exact++
		case same:
			plain++
		case choices:
			guesses++
		default:
			wrong++
			t.Errorf("lock of %v, image of %v: got %v, want %v", world, roots, got, want)
		}
	}
	t.Logf("without a choice: %d the same, %d different; with one: %d the same, %d different", plain, wrong, exact, guesses)
	if plain < 50 || guesses*5 > exact {
		t.Error("too few are the same")
	}
}
