package lockdiff_test

import (
	"reflect"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/lock/lockdiff"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

func pkg(name, version, arch, sha, license string, size, installed int64) lockfile.Package {
	return lockfile.Package{Name: name, Version: version, Arch: arch, SHA256: sha, License: license, Size: size, InstalledSize: installed}
}

func TestCompare(t *testing.T) {
	from := &lockfile.Lock{Packages: []lockfile.Package{
		pkg("gone", "1-r0", "x86_64", "g", "MIT", 10, 20),
		pkg("musl", "1-r0", "aarch64", "a", "MIT", 10, 20),
		pkg("musl", "1-r0", "x86_64", "b", "MIT", 10, 20),
		pkg("rebuilt", "1-r0", "x86_64", "r", "MIT", 10, 20),
		pkg("same", "1-r0", "x86_64", "s", "MIT", 10, 20),
		pkg("split", "1-r0", "aarch64", "sa", "MIT", 10, 20),
		pkg("split", "1-r0", "x86_64", "sx", "MIT", 10, 20),
	}}
	to := &lockfile.Lock{Packages: []lockfile.Package{
		pkg("musl", "2-r0", "aarch64", "a2", "BSD", 11, 22),
		pkg("musl", "2-r0", "x86_64", "b2", "BSD", 12, 23),
		pkg("new", "1-r0", "x86_64", "n", "GPL", 100, 200),
		pkg("rebuilt", "1-r0", "x86_64", "r2", "MIT", 10, 20),
		pkg("same", "1-r0", "x86_64", "s", "MIT", 10, 20),
		pkg("split", "2-r0", "aarch64", "sa2", "MIT", 10, 20),
		pkg("split", "3-r0", "x86_64", "sx3", "MIT", 5, 20),
	}}
	got := lockdiff.Compare(from, to)
	want := &lockdiff.Diff{
		Changes: []lockdiff.Change{
			{Event: lockdiff.Event{Name: "gone", Kind: lockdiff.Removed, Old: "1-r0", OldLicense: "MIT"}, Archs: []string{"x86_64"}, Size: -10, InstalledSize: -20},
			{Event: lockdiff.Event{Name: "musl", Kind: lockdiff.Changed, Old: "1-r0", New: "2-r0", OldLicense: "MIT", NewLicense: "BSD"}, Archs: []string{"aarch64", "x86_64"}, Size: 3, InstalledSize: 5},
			{Event: lockdiff.Event{Name: "new", Kind: lockdiff.Added, New: "1-r0", NewLicense: "GPL"}, Archs: []string{"x86_64"}, Size: 100, InstalledSize: 200},
			{Event: lockdiff.Event{Name: "rebuilt", Kind: lockdiff.Changed, Old: "1-r0", New: "1-r0", OldLicense: "MIT", NewLicense: "MIT"}, Archs: []string{"x86_64"}},
			{Event: lockdiff.Event{Name: "split", Kind: lockdiff.Changed, Old: "1-r0", New: "2-r0", OldLicense: "MIT", NewLicense: "MIT"}, Archs: []string{"aarch64"}},
			{Event: lockdiff.Event{Name: "split", Kind: lockdiff.Changed, Old: "1-r0", New: "3-r0", OldLicense: "MIT", NewLicense: "MIT"}, Archs: []string{"x86_64"}, Size: -5},
		},
		Size: 88, InstalledSize: 185,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if none := lockdiff.Compare(to, to); len(none.Changes) != 0 || none.Size != 0 {
		t.Errorf("a lock against itself: %+v", none)
	}
}

// Whatever differs is told, also where the file is the same.
func TestCompareFields(t *testing.T) {
	lock := func() *lockfile.Lock {
		p := pkg("musl", "1-r0", "x86_64", "a", "MIT", 10, 20)
		p.Layer, p.URL, p.Provides = "l", "u", []string{"so:libc"}
		p.Depends = []lockfile.Requirement{{Needs: "x", By: []string{"x"}}}
		return &lockfile.Lock{
			Config:       lockfile.Config{Keyring: []string{"keys"}},
			Repositories: []lockfile.Repository{{URL: "r", Mirrors: []string{"m"}, Indexes: []lockfile.Index{{Arch: "x86_64", Key: "k", Fingerprint: "f"}}}},
			Packages:     []lockfile.Package{p},
		}
	}
	for _, tt := range []struct {
		edit             func(l *lockfile.Lock)
		fields, settings string
	}{
		{func(l *lockfile.Lock) {}, "", ""},
		{func(l *lockfile.Lock) { l.Packages[0].Layer = "other" }, "layer", ""},
		{func(l *lockfile.Lock) { l.Packages[0].URL = "other" }, "url", ""},
		{func(l *lockfile.Lock) { l.Packages[0].Depends[0].By = nil }, "depends", ""},
		{func(l *lockfile.Lock) { l.Packages[0].Provides = nil }, "provides", ""},
		{func(l *lockfile.Lock) { l.Packages[0].SHA256, l.Packages[0].URL = "b", "other" }, "url", ""},
		{func(l *lockfile.Lock) { l.Repositories[0].Mirrors = nil }, "", "mirrors of r"},
		{func(l *lockfile.Lock) { l.Config.Keyring = nil }, "", "keyring"},
		{func(l *lockfile.Lock) { l.Repositories[0].Indexes[0].Key = "other" }, "", "key of r (x86_64)"},
		{func(l *lockfile.Lock) { l.Repositories[0].Indexes[0].Fingerprint = "other" }, "", "key of r (x86_64)"},
	} {
		to := lock()
		tt.edit(to)
		d := lockdiff.Compare(lock(), to)
		var fields, settings string
		if len(d.Changes) > 0 {
			fields = d.Changes[0].Fields
		}
		if len(d.Settings) > 0 {
			settings = d.Settings[0].Name
		}
		if fields != tt.fields || settings != tt.settings || len(d.Changes)+len(d.Settings) > 1 {
			t.Errorf("got %+v, want a change of %q or %q", d, tt.fields, tt.settings)
		}
	}
}
