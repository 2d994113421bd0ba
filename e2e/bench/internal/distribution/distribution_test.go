package distribution

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/bench/internal/imageset"
)

func TestPackages(t *testing.T) {
	shape := Shape{Size: 5000, Seed: 1}
	packages := shape.Packages()
	if !reflect.DeepEqual(packages, shape.Packages()) {
		t.Error("generated again, the packages differ")
	}
	if other := (Shape{Size: 5000, Seed: 2}).Packages(); reflect.DeepEqual(packages, other) {
		t.Error("another seed gives the same packages")
	}
	names := map[string]string{} // of what a dependency may say
	for i, p := range packages {
		if names[p.Name] != "" {
			t.Fatalf("two packages are called %s", p.Name)
		}
		names[p.Name], names[soname(i)] = p.Name, p.Name
	}
	graph, cycles := imageset.Graph{}, 0
	for _, p := range packages {
		graph[p.Name] = []string{}
		for _, dep := range p.Depends {
			if names[dep] == "" {
				t.Errorf("%s depends on %s, which nothing is", p.Name, dep)
			}
			if !strings.HasPrefix(dep, "so:") {
				cycles++
			}
			graph[p.Name] = append(graph[p.Name], names[dep])
		}
	}
	if cycles != 2*(5000/cycleEach) {
		t.Errorf("%d edges are in cycles, want %d", cycles, 2*(5000/cycleEach))
	}
	var sizes []int
	for name := range graph {
		closed := map[string]bool{}
		graph.Close(closed, name)
		sizes = append(sizes, len(closed))
	}
	slices.Sort(sizes)
	// Debian's and Alpine's packages: some need nothing, most a handful, few a hundred and more.
	if median := sizes[len(sizes)/2]; median < 5 || median > 30 {
		t.Errorf("half of the packages need %d packages or less, want 5 to 30", median)
	}
	if most := sizes[len(sizes)-1]; most < 30 || most > 500 {
		t.Errorf("the greatest closure has %d packages, want 30 to 500", most)
	}
	t.Logf("closures: median %d, 90%% %d, most %d", sizes[len(sizes)/2], sizes[len(sizes)*9/10], sizes[len(sizes)-1])
}
