package locker

import (
	"fmt"
	"slices"

	"github.com/rules-apk/rules_apk/tools/internal/lock/apkconfig"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockgraph"
)

// Drift says, without looking at any repository, why a lock is not what a config asks for: a sentence for each reason,
// none if it is.
func Drift(config *apkconfig.Config, lock *lockfile.Lock) []string {
	want := Normalise(config)
	var reasons []string
	for _, list := range []struct {
		key       string
		got, want []string
		ordered   bool
	}{
		{"archs", lock.Config.Archs, want.Archs, false},
		{"packages", lock.Config.Packages, want.Packages, false},
		{"repositories", lock.Config.Repositories, want.Repositories, true},
		{"keyring", lock.Config.Keyring, want.Keyring, false},
	} {
		reasons = append(reasons, compareLists(list.key, list.got, list.want, list.ordered)...)
	}
	if lock.Config.RequireSameVersion != want.RequireSameVersion {
		reasons = append(reasons, fmt.Sprintf("require_same_version: the config says %v, the lock was made with %v", want.RequireSameVersion, lock.Config.RequireSameVersion))
	}
	if len(reasons) == 0 {
		reasons = append(reasons, compareRepositories(config, lock)...)
	}
	if len(reasons) > 0 {
		return reasons
	}
	for _, arch := range want.Archs {
		if _, err := lockgraph.New(lock, arch); err != nil {
			reasons = append(reasons, err.Error())
		}
	}
	return reasons
}

func compareLists(key string, got, want []string, ordered bool) []string {
	var reasons []string
	for _, w := range want {
		if !slices.Contains(got, w) {
			reasons = append(reasons, fmt.Sprintf("%s: the config has %q, the lock was made without it", key, w))
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			reasons = append(reasons, fmt.Sprintf("%s: the lock was made with %q, the config does not have it", key, g))
		}
	}
	if ordered && len(reasons) == 0 && !slices.Equal(got, want) {
		reasons = append(reasons, fmt.Sprintf("%s: the config has the order %q, the lock was made with %q", key, want, got))
	}
	return reasons
}

// compareRepositories looks at what the lock has of each repository beside what was asked for.
func compareRepositories(config *apkconfig.Config, lock *lockfile.Lock) []string {
	if len(lock.Repositories) != len(config.Repositories) {
		return []string{fmt.Sprintf("the lock has %d repositories, but says that it was made for %d", len(lock.Repositories), len(config.Repositories))}
	}
	var reasons []string
	for i, r := range config.Repositories {
		got := lock.Repositories[i]
		if got.URL != r.URL || got.Tag != r.Tag {
			reasons = append(reasons, fmt.Sprintf("repositories: number %d in the lock is %q, want %q", i, got.URL, r.URL))
		}
		if !slices.Equal(got.Mirrors, r.Mirrors) {
			reasons = append(reasons, fmt.Sprintf("repositories: the config has the mirrors %q for %s, the lock has %q", r.Mirrors, r.URL, got.Mirrors))
		}
	}
	return reasons
}
