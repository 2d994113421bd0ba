package apkresolve

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/apkoracle"
)

func sharedDir(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	shared, err := apkoracle.Shared(os.Getenv("RULES_APK_SHARED"), dir)
	if err != nil {
		t.Skip(err)
	}
	return shared
}

// realIndexes reads the two indexes of Alpine 3.19.
func realIndexes(t testing.TB) []Repository {
	t.Helper()
	var repositories []Repository
	for _, name := range []string{"main", "community"} {
		f, err := os.Open(filepath.Join(sharedDir(t), "apk/index/alpine-3.19", name, "x86_64/APKINDEX.tar.gz"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		packages, err := apkindex.Read(f)
		if err != nil {
			t.Fatal(err)
		}
		repositories = append(repositories, Repository{URL: name, Packages: packages})
	}
	return repositories
}

func TestTmpOracle(t *testing.T) {
	repos := realIndexes(t)
	o, err := apkoracle.New(sharedDir(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range repos {
		n, err := o.AddSigned(r.URL, filepath.Join(sharedDir(t), "apk/index/alpine-3.19", r.URL, "x86_64/APKINDEX.tar.gz"))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, n)
	}
	for _, w := range strings.Split(os.Getenv("WORLDS"), ";") {
		world := strings.Fields(w)
		want, err := o.Simulate(names, world)
		var no *apkoracle.Refusal
		if err != nil && !errors.As(err, &no) {
			t.Fatal(err)
		}
		req := Request{Arch: "x86_64", Repositories: repos}
		for _, x := range world {
			c, err := apkconstraint.Parse(x)
			if err != nil {
				t.Fatal(err)
			}
			req.World = append(req.World, c)
		}
		s, err2 := Resolve(req)
		var got []string
		if s != nil {
			for _, p := range s.Packages {
				got = append(got, p.Name+" "+p.Version)
			}
		}
		if slices.Equal(got, want) {
			t.Log("same", w, len(got))
		} else {
			t.Errorf("%s: got %v %v\nwant %v %v", w, got, err2, want, err)
		}
	}
}
