package apkresolve

import (
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/apkindex"
)

func TestResolveChain(t *testing.T) {
	world, _ := apkconstraint.Parse("a")
	s, err := Resolve(Request{Arch: "x86_64", World: []apkconstraint.Constraint{world}, Repositories: []Repository{{Packages: []*apkindex.Package{
		{Name: "a", Version: "1", Depends: []string{"so:b=2"}},
		{Name: "b", Version: "1", Provides: []string{"so:b=2"}},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Packages) != 2 || s.Packages[0].Name != "b" || s.Packages[1].Depends[0] != "b" {
		t.Errorf("got %+v", s.Packages)
	}
}
