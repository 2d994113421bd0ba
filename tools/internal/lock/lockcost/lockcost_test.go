package lockcost_test

import (
	"fmt"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/lock/lockcost"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

// pkg is a package whose layer is its version's, of so many bytes.
func pkg(name, version, arch string, size int64, needs ...lockfile.Requirement) lockfile.Package {
	return lockfile.Package{
		Name: name, Version: version, Arch: arch, Layer: name + version + arch, Depends: needs,
		Sections: lockfile.Sections{Data: lockfile.Range{10, size}},
	}
}

func need(by ...string) lockfile.Requirement { return lockfile.Requirement{Needs: "x", By: by} }

func TestOf(t *testing.T) {
	lock := func(version string, archs ...string) *lockfile.Lock {
		l := &lockfile.Lock{Config: lockfile.Config{Archs: archs, Packages: []string{"app"}}}
		for _, arch := range archs {
			extra := pkg("extra", version, arch, 1)
			extra.InstallIf = []lockfile.Requirement{need("app"), need("ssl")}
			l.Packages = append(l.Packages,
				pkg("app", "1", arch, 1000, need("ssl"), need("sh", "bash")), pkg("bash", "1", arch, 50), extra,
				pkg("musl", "1", arch, 300), pkg("sh", "1", arch, 7), pkg("ssl", version, arch, 20, need("musl")),
			)
		}
		return l
	}
	cost, err := lockcost.Of(lock("1", "x86_64"), lock("2", "x86_64", "aarch64"), []lockcost.Image{
		{Label: "//:app", Roots: []string{"app"}, Registries: []string{"r.example"}},
		{Label: "//:ssl", Roots: []string{"ssl", "bash"}, Registries: []string{"r.example", "s.example"}},
		{Label: "//:musl", Roots: []string{"musl"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range cost.Images {
		got = append(got, fmt.Sprintf("%s %s %d/%d %d", i.Image, i.Arch, i.NewBytes, i.Bytes, len(i.Layers)))
	}
	for _, r := range cost.Registries {
		got = append(got, fmt.Sprintf("%s %d %d", r.Registry, r.NewBytes, r.Layers))
	}
	// An architecture that is new is new as a whole; a registry gets what images share once.
	want := []string{
		"//:app x86_64 21/1328 2", "//:app aarch64 1328/1328 5",
		"//:ssl x86_64 20/370 1", "//:ssl aarch64 370/370 3",
		"//:musl x86_64 0/300 0", "//:musl aarch64 300/300 1",
		"r.example 1399 8", "s.example 390 4",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
