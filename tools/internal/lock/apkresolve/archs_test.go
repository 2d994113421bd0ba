package apkresolve

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func archRequests(t *testing.T, world string, texts ...string) []Request {
	var requests []Request
	for i, text := range texts {
		requests = append(requests, Request{
			Arch:         []string{"x86_64", "aarch64", "riscv64"}[i],
			Repositories: []Repository{{Packages: repository(t, text)}},
			World:        parseWorld(t, strings.Fields(world)),
		})
	}
	return requests
}

func TestResolveAll(t *testing.T) {
	for _, tc := range []struct {
		name        string
		world       string
		archs       []string
		want        []string // by arch
		differences []string
	}{
		{"all alike", "a", []string{"a 1", "a 1"}, []string{"a 1", "a 1"}, nil},
		{"one has a newer one", "a", []string{"a 1\na 2", "a 1"}, []string{"a 1", "a 1"}, nil},
		{"the newest that all have", "a", []string{"a 1\na 2\na 4", "a 1\na 2\na 3", "a 1\na 2\na 3\na 4"}, []string{"a 2", "a 2", "a 2"}, nil},
		{"nothing in common", "a", []string{"a 2", "a 1"}, []string{"a 2", "a 1"}, []string{"a differs by architecture: 2 (x86_64), 1 (aarch64)"}},
		{"a need holds the older one back", "a b", []string{"a 1\na 2\nb 1", "a 1\na 2\nb 1 D:a=2"}, []string{"a 2, b 1", "a 2, b 1"}, nil},
		{"what all have cannot be installed everywhere", "a", []string{"a 1 D:x\na 2", "a 1\na 3"},
			[]string{"a 2", "a 3"}, []string{"a differs by architecture: 2 (x86_64), 3 (aarch64)"}},
		{"the newest in common cannot, the next can", "a", []string{"a 1\na 2 D:x\na 3", "a 1\na 2"}, []string{"a 1", "a 1"}, nil},
		{"parts of one source go together", "a", []string{
			"a 1 D:a-lib=1\na-lib 1\na 2 D:a-lib=2\na-lib 2", "a 1 D:a-lib=1\na-lib 1"},
			[]string{"a-lib 1, a 1", "a-lib 1, a 1"}, nil},
		{"names that one arch lacks do not count", "a", []string{"a 1 D:x\nx 1", "a 1"}, []string{"x 1, a 1", "a 1"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			requests := archRequests(t, tc.world, tc.archs...)
			solutions, err := ResolveAll(requests)
			if err != nil {
				t.Fatal(err)
			}
			for i, s := range solutions {
				if got := strings.Join(lines(s), ", "); got != tc.want[i] {
					t.Errorf("arch %d: got %s, want %s", i, got, tc.want[i])
				}
			}
			var got []string
			var archs []string
			for _, r := range requests {
				archs = append(archs, r.Arch)
			}
			for _, d := range Differences(archs, solutions) {
				got = append(got, d.String())
			}
			if !slices.Equal(got, tc.differences) {
				t.Errorf("differences %v, want %v", got, tc.differences)
			}
		})
	}
}

func TestResolveAllNamesTheArch(t *testing.T) {
	_, err := ResolveAll(archRequests(t, "a", "a 1", "b 1"))
	var unknown *UnknownName
	if !errors.As(err, &unknown) || unknown.Arch != "aarch64" {
		t.Errorf("got %v, want an unknown name for aarch64", err)
	}
}

func TestKeep(t *testing.T) {
	index := `
		app 1 D:lib=1
		app 2 D:lib=2
		lib 1
		lib 2
		other 1
		other 2`
	for _, tc := range []struct {
		world string
		keep  map[string]string
		want  string
	}{
		{"app other", map[string]string{"app": "1", "lib": "1", "other": "1"}, "lib 1, app 1, other 1"},
		{"app other", map[string]string{"app": "1", "lib": "1"}, "lib 1, app 1, other 2"},
		{"app>1 other", map[string]string{"app": "1", "lib": "1", "other": "1"}, "lib 2, app 2, other 1"},
		{"app other", map[string]string{"app": "0", "other": "1"}, "lib 2, app 2, other 1"},
		{"app lib=2", map[string]string{"app": "1"}, "lib 2, app 2"},
		{"app", map[string]string{"lib": "1"}, "lib 1, app 1"},
	} {
		t.Run(fmt.Sprint(tc.world, tc.keep), func(t *testing.T) {
			s, err := Resolve(Request{
				Arch: "x86_64", Repositories: []Repository{{Packages: repository(t, index)}},
				World: parseWorld(t, strings.Fields(tc.world)), Keep: tc.keep,
			})
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Split(tc.want, ", ")
			slices.Sort(want)
			if got := slices.Sorted(slices.Values(lines(s))); !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestKeepDoesNotHideErrors(t *testing.T) {
	_, err := Resolve(Request{
		Arch: "x86_64", Repositories: []Repository{{Packages: repository(t, "a 1\na 2\nb 1 D:a>2")}},
		World: parseWorld(t, []string{"b"}), Keep: map[string]string{"a": "1"},
	})
	var unsatisfiable *Unsatisfiable
	if !errors.As(err, &unsatisfiable) || !strings.Contains(err.Error(), "b-1 needs a>2, but there is only a-1 and a-2") {
		t.Errorf("got %v", err)
	}
}
