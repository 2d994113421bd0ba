package locker_test

import (
	"slices"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/lock/apkconfig"
	"github.com/rules-apk/rules_apk/tools/internal/lock/locker"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

// The order of repositories decides between equal versions, that of nothing else does.
func TestDriftOrder(t *testing.T) {
	config := &apkconfig.Config{
		Repositories: []apkconfig.Repository{{URL: "a"}, {URL: "b"}},
		Keyring:      []string{"k", "l"}, Archs: []string{"x86_64"}, Packages: []string{"musl"},
	}
	lock := &lockfile.Lock{
		Config:       lockfile.Config{Archs: config.Archs, Packages: config.Packages, Repositories: []string{"a", "b"}, Keyring: []string{"l", "k"}},
		Repositories: []lockfile.Repository{{URL: "a"}, {URL: "b"}},
		Packages:     []lockfile.Package{{Name: "musl", Version: "1-r0", Arch: "x86_64"}},
	}
	if got := locker.Drift(config, lock); len(got) != 0 {
		t.Errorf("same: %q", got)
	}
	lock.Config.Repositories = []string{"b", "a"}
	want := []string{`repositories: the config has the order ["a" "b"], the lock was made with ["b" "a"]`}
	if got := locker.Drift(config, lock); !slices.Equal(got, want) {
		t.Errorf("other order: %q, want %q", got, want)
	}
	lock.Config.Repositories = []string{"a", "b"}
	lock.Packages[0].Name = "glibc"
	want = []string{`apk.yaml asks for "musl", but no package that is locked for x86_64 satisfies it`}
	if got := locker.Drift(config, lock); !slices.Equal(got, want) {
		t.Errorf("root missing: %q, want %q", got, want)
	}
}
