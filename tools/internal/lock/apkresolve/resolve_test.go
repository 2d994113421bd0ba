package apkresolve

import (
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
)

// repository makes packages from lines "name version D:dependency p:provide i:install_if k:priority", each field as
// often as wanted.
func repository(t testing.TB, text string) []*apkindex.Package {
	t.Helper()
	var list []*apkindex.Package
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		fields := strings.Fields(line)
		p := &apkindex.Package{Name: fields[0], Version: fields[1], Checksum: "Q1" + fields[0] + fields[1]}
		for _, field := range fields[2:] {
			switch value := field[2:]; field[:2] {
			case "D:":
				p.Depends = append(p.Depends, value)
			case "p:":
				p.Provides = append(p.Provides, value)
			case "i:":
				p.InstallIf = append(p.InstallIf, value)
			case "X:":
				p.Unknown += "X"
			case "k:":
				p.ProviderPriority, _ = strconv.Atoi(value)
			default:
				t.Fatalf("field %q", field)
			}
		}
		list = append(list, p)
	}
	return list
}

// resolveText answers a world from repositories written as text; one whose text begins with "@tag" has that tag.
func resolveText(t testing.TB, world string, texts ...string) (*Solution, error) {
	t.Helper()
	request := Request{Arch: "x86_64", World: parseWorld(t, strings.Fields(world))}
	for _, text := range texts {
		r := Repository{}
		text = strings.TrimSpace(text)
		if rest, ok := strings.CutPrefix(text, "@"); ok {
			r.Tag, text, _ = strings.Cut(rest, "\n")
		}
		r.Packages = repository(t, text)
		request.Repositories = append(request.Repositories, r)
	}
	return Resolve(request)
}

func TestResolve(t *testing.T) {
	for _, tc := range []struct {
		name         string
		world        string
		repositories []string
		want         string // in install order
	}{
		{"a chain, dependencies first", "a", []string{`
			a 1 D:so:b=2
			b 1 p:so:b=2 D:c
			c 1`}, "c-1 b-1 a-1"},
		{"the newest version", "a", []string{`
			a 1.9-r0
			a 1.10-r0
			a 1.10_rc1-r0`}, "a-1.10-r0"},
		{"the newest in a range", "a<1.10", []string{`
			a 1.9-r0
			a 1.10-r0
			a 1.10_rc1-r0`}, "a-1.10_rc1-r0"},
		{"the higher version wins over the earlier repository", "a", []string{`a 1`, `a 2`}, "a-2"},
		{"the earlier repository wins between equals", "a", []string{"a 1 D:x\nx 1", "a 1 D:y\ny 1"}, "x-1 a-1"},
		{"a cycle", "a", []string{`
			a 1 D:b
			b 1 D:a`}, "b-1 a-1"},
		{"priority picks among virtuals", "v", []string{`
			a 1 p:v
			b 1 p:v k:10
			c 1 p:v k:5`}, "b-1"},
		{"a virtual of a package that is needed anyway", "b v", []string{`
			a 1 p:v
			b 1 p:v`}, "b-1"},
		{"virtuals live together", "a b v", []string{`
			a 1 p:v
			b 1 p:v`}, "a-1 b-1"},
		{"a checksum", "a><Q1a1", []string{`
			a 1
			a 2`}, "a-1"},
		{"a package of a newer kind is passed over", "a", []string{`
			a 1
			a 2 X:something`}, "a-1"},
		{"install_if", "a b", []string{`
			a 1
			b 1
			a-b 1 i:a=1 i:b
			a-c 1 i:a=1 i:c`}, "a-1 b-1 a-b-1"},
		{"install_if in a chain", "a", []string{`
			a 1
			x 1 i:a
			y 1 i:x
			z 1 i:y`}, "a-1 x-1 y-1 z-1"},
		{"install_if for what a package provides", "a", []string{`
			a 1 p:cmd:a=1
			x 1 i:cmd:a`}, "a-1 x-1"},
		{"install_if gives way to a conflict", "a !x", []string{`
			a 1
			x 1 i:a`}, "a-1"},
		{"what install_if adds has needs", "a", []string{`
			a 1
			x 1 i:a D:y
			y 1`}, "a-1 y-1 x-1"},
		{"a tagged repository stays out", "a", []string{`a 1`, "@edge\na 2"}, "a-1"},
		{"a tag on request", "a@edge", []string{`a 1`, "@edge\na 2"}, "a-2"},
		{"a tag reaches what is needed, where it has to", "a@edge", []string{"b 1", "@edge\na 2 D:b D:c\nb 2\nc 2"}, "b-1 c-2 a-2"},
		{"two constraints on one name", "a>1 a<3", []string{`
			a 1
			a 2
			a 3`}, "a-2"},

		// What other implementations get wrong.
		{"the newest cannot be installed: go back", "a", []string{`
			a 1 D:b
			a 2 D:b D:missing
			b 1`}, "b-1 a-1"},
		{"the newest of a need cannot be installed: go back further", "a b", []string{`
			a 1
			a 2 D:c=1
			b 1 D:c=2
			c 1
			c 2`}, "a-1 c-2 b-1"},
		{"a conflict met after the package was chosen", "a b", []string{`
			a 1 D:v=1
			foo 1 p:v=1 k:9
			bar 1 p:v=1
			b 1 D:!foo`}, "bar-1 a-1 b-1"},
		{"a constraint met after the package was placed", "a b", []string{`
			a 1 D:c
			b 1 D:c<2
			c 1
			c 2`}, "c-1 a-1 b-1"},
		{"a versioned constraint is not met by another name's provide", "a", []string{`
			a 1 D:lib>=2
			other 1 p:lib
			older 1 p:lib=1
			lib 2`}, "lib-2 a-1"},
		{"nor by the version of the package that provides", "a", []string{`
			a 1 D:lib>=2
			other 9 p:lib=1
			lib 2`}, "lib-2 a-1"},
		{"install_if does not depend on the order of the index", "base", []string{`
			z 1 i:y
			y 1 i:x
			x 1 i:base
			base 1`}, "base-1 x-1 y-1 z-1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := resolveText(t, tc.world, tc.repositories...)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range s.Packages {
				got = append(got, p.String())
			}
			if strings.Join(got, " ") != tc.want {
				t.Errorf("got %s, want %s", strings.Join(got, " "), tc.want)
			}
		})
	}
}

// TestReasonsInACircle: packages that were each other's only reason in one attempt were ruled out for good, though in
// another one something else asks for them.
func TestReasonsInACircle(t *testing.T) {
	s, err := resolveText(t, "!b<=2_rc1 c<~2.0-r1 c", `
		a 2_rc1 D:a>2_rc1
		b 2 D:a
		d 1 p:v`, `
		a 1 D:a<1.5-r0 D:!v<=2 k:2
		a 2.0-r1 D:b D:d
		c 2 D:v k:2
		c 1.5-r0 D:a>=2
		d 2_rc1 D:d D:a k:2`)
	if err != nil {
		t.Fatal(err)
	}
	if got := lines(s); len(got) != 4 || !slices.Contains(got, "c 1.5-r0") {
		t.Errorf("got %v, want c-1.5-r0 with a, b and d", got)
	}
}

func TestSelected(t *testing.T) {
	s, err := resolveText(t, "a@edge v", `
		b 1 p:so:b=1 p:v
		c 1 p:so:c=1 p:v k:1`, `
		@edge
		a 1 D:so:b D:so:c=1 D:b D:v D:!old D:!b<1`)
	if err != nil {
		t.Fatal(err)
	}
	a := s.Packages[slices.IndexFunc(s.Packages, func(p Selected) bool { return p.Name == "a" })]
	want := []Requirement{{"so:b", []string{"b"}}, {"so:c=1", []string{"c"}}, {"b", []string{"b"}}, {"v", []string{"c", "b"}}, {"!old", nil}, {"!b<1", []string{"b"}}}
	if !reflect.DeepEqual(a.Depends, want) || a.Repository != 1 {
		t.Errorf("a depends on %v and is in repository %d, want %v and 1", a.Depends, a.Repository, want)
	}
	if b := s.Packages[0]; b.Repository != 0 || b.Depends != nil {
		t.Errorf("%s depends on %v and is in repository %d, want nothing and 0", b, b.Depends, b.Repository)
	}
}

// TestSelectedInstallIf: what an install_if waits for, or nothing where the selected packages can never meet all of it.
func TestSelectedInstallIf(t *testing.T) {
	s, err := resolveText(t, "a b met absent excluded unwanted other", `
		a 2 p:v
		b 1 p:v
		met 1 i:v i:a=2
		absent 1 i:a i:c
		excluded 1 i:a i:!c
		unwanted 1 i:a i:!b
		other 1 i:a i:!b<1`)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]Requirement{
		"met":      {{"v", []string{"a", "b"}}, {"a=2", []string{"a"}}},
		"absent":   nil,
		"excluded": nil,
		"unwanted": nil,
		"other":    {{"a", []string{"a"}}, {"!b<1", []string{"b"}}},
	} {
		p := s.Packages[slices.IndexFunc(s.Packages, func(p Selected) bool { return p.Name == name })]
		if !reflect.DeepEqual(p.InstallIf, want) {
			t.Errorf("%s waits for %v, want %v", name, p.InstallIf, want)
		}
	}
}

// TestSecondChoice: apk refuses where the provider of the highest priority cannot be installed, as icu-data-full of
// Alpine 3.16 without community; who is locked in its place is told.
func TestSecondChoice(t *testing.T) {
	for _, tt := range []struct {
		full string
		want []string
	}{
		{"icu-data-full 71 p:icu-data k:100 D:absent", []string{
			"apk itself would refuse: of those that provide icu-data, which icu-libs-71 depends on, it insists on icu-data-full-71, which cannot be installed; icu-data-en-71 is taken",
		}},
		{"icu-data-full 71 p:icu-data k:1", nil},
	} {
		s, err := resolveText(t, "icu-libs", "icu-libs 71 D:icu-data\nicu-data-en 71 p:icu-data k:10\n"+tt.full)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(lines(s), []string{"icu-data-en 71", "icu-libs 71"}) || !slices.Equal(s.Notes, tt.want) {
			t.Errorf("got %v with the notes %q, want notes %q", lines(s), s.Notes, tt.want)
		}
	}
}

// TestFirstCounts: of two entries of one name and version in one index.
func TestFirstCounts(t *testing.T) {
	first := &apkindex.Package{Name: "a", Version: "1", Checksum: "Q1z"}
	second := &apkindex.Package{Name: "a", Version: "1", Checksum: "Q1a"}
	for _, others := range [][]Repository{nil, {{URL: "other"}}} {
		s, err := Resolve(Request{World: parseWorld(t, []string{"a"}), Repositories: append([]Repository{{Packages: []*apkindex.Package{first, second}}}, others...)})
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Packages) != 1 || s.Packages[0].Package != first {
			t.Errorf("got %v (%s), want the first of two entries", lines(s), s.Packages[0].Checksum)
		}
	}
}

// TestSameTwice: a package that two repositories have is taken from the first that may serve it.
func TestSameTwice(t *testing.T) {
	s, err := resolveText(t, "a", "@edge\na 1", "a 1", "a 1")
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Packages) != 1 || s.Packages[0].Repository != 1 {
		t.Errorf("got %v of repository %d, want one of repository 1", lines(s), s.Packages[0].Repository)
	}
}

func TestUnsatisfiable(t *testing.T) {
	for _, tc := range []struct {
		name         string
		world        string
		repositories []string
		want         []string
	}{
		{"no such version", "a>2", []string{"a 1\na 2"}, []string{
			"the request asks for a>2, but there is only a-1 and a-2",
		}},
		{"a need that nothing has", "a", []string{"a 1 D:libfoo\nlibfoe 1"}, []string{
			"the request asks for a",
			"a-1 needs libfoo, which no repository has (did you mean libfoe?)",
		}},
		{"a conflict along a chain", "a d", []string{`
			a 1 D:so:b
			b 1 p:so:b=1 D:c
			c 1
			d 1 D:!c`}, []string{
			"the request asks for a",
			"a-1 needs so:b, which b-1 provides",
			"b-1 needs c",
			"the request asks for d",
			"d-1 excludes c",
		}},
		{"two versions of one thing", "a b", []string{`
			a 1 D:c=1
			b 1 D:c=2
			c 1
			c 2`}, []string{
			"the request asks for a",
			"a-1 needs c=1",
			"the request asks for b",
			"b-1 needs c=2",
			"only one version of c can be installed",
		}},
		{"two that are the same", "a b", []string{`
			a 1 p:mail=1
			b 1 p:mail=1`}, []string{
			"the request asks for a",
			"the request asks for b",
			"only one package can be mail: a-1 or b-1",
		}},
		{"a virtual that nothing picks", "v", []string{"a 1 p:v\nb 1 p:v"}, []string{
			"the request asks for v, which a-1 or b-1 provides",
			"nothing picks a by itself: what it provides, it provides without a version and without a provider_priority; to have it, ask for a",
			"nothing picks b by itself: what it provides, it provides without a version and without a provider_priority; to have it, ask for b",
		}},
		{"only in a tagged repository", "a", []string{"b 1", "@edge\na 1"}, []string{
			"the request asks for a",
			"a-1 is in a repository with a tag only; to take it from there, ask for a@edge",
		}},
		{"many versions", "a", []string{"a 1 D:other\na 2 D:other\na 3 D:other\na 4 D:other\na 5 D:other"}, []string{
			"the request asks for a",
			"a-1, a-2, a-3 and 2 more need other, which no repository has",
		}},
		{"what is not to blame is not told", "z a y", []string{"z 1 D:y\ny 1\na 1 D:q<1\nq 1"}, []string{
			"the request asks for a",
			"a-1 needs q<1, but there is only q-1",
		}},
		{"a package that cannot be read", "a", []string{"a 1 D:b<=>1"}, []string{
			"the request asks for a",
			`a-1 cannot be used: package "a-1" (x86_64): depends: constraint "b<=>1": unknown operator "<=>"; want one of = < > <= >= ~ <~ >~ ><`,
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := resolveText(t, tc.world, tc.repositories...)
			var unsatisfiable *Unsatisfiable
			if !errors.As(err, &unsatisfiable) {
				t.Fatalf("got %v %v, want an *Unsatisfiable", lines(s), err)
			}
			if !slices.Equal(unsatisfiable.Reasons, tc.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(unsatisfiable.Reasons, "\n  "), strings.Join(tc.want, "\n  "))
			}
		})
	}
}

func TestUnknownName(t *testing.T) {
	for _, tc := range []struct{ world, suggestion string }{
		{"opnessl", "openssl"},
		{"python-3.13", "python-3.12"},
		{"libxml", "libxml2"},
		{"entirely-different", ""},
	} {
		_, err := resolveText(t, tc.world, "openssl 3\npython-3.12 1\nlibxml2 2\nlibssl3 3 p:so:libssl.so.3=3")
		var unknown *UnknownName
		if !errors.As(err, &unknown) || unknown.Name != tc.world || unknown.Suggestion != tc.suggestion {
			t.Errorf("%s: got %v, want an *UnknownName that suggests %q", tc.world, err, tc.suggestion)
		}
	}
}

func TestUnknownTag(t *testing.T) {
	_, err := resolveText(t, "a@egde", "a 1", "@edge\na 2")
	if err == nil || !strings.Contains(err.Error(), `no repository has the tag @egde; known tags: @edge`) {
		t.Errorf("got %v", err)
	}
}
