package apkconfig_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/lock/apkconfig"
)

// What a config says can be said again: every repository is its own spelling's, and the lists are in order.
func FuzzParse(f *testing.F) {
	f.Add("repositories: [https://example.com/os]\nkeyring: [keys]\narchs: [x86_64]\npackages: [musl]\n")
	f.Add("repositories:\n  - url: \"@edge ../local\"\n    mirrors: [https://m.example.com/x/]\nkeyring: &k [k.rsa.pub]\narchs: *k\npackages: [\"a>1\", b@edge, \"!c\"]\nrequire_same_version: true\n")
	f.Add("contents: {repositories: [https://example.com/os], keyring: [k], packages: [a]}\narchs: [amd64]\n")
	f.Fuzz(func(t *testing.T, text string) {
		config, err := apkconfig.Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, r := range config.Repositories {
			again, err := apkconfig.ParseRepository(r.String())
			if err != nil || again.URL != r.URL || again.Tag != r.Tag {
				t.Errorf("repository %q is %+v, %v, want %+v", r.String(), again, err, r)
			}
		}
		// The config of a lock is this text, which the next run reads.
		var b strings.Builder
		list := func(key string, values []string) {
			b.WriteString(key + ":\n")
			for _, v := range values {
				b.WriteString("  - '" + strings.ReplaceAll(v, "'", "''") + "'\n")
			}
		}
		var repositories []string
		for _, r := range config.Repositories {
			repositories = append(repositories, r.String())
		}
		list("repositories", repositories)
		list("keyring", config.Keyring)
		list("archs", config.Archs)
		list("packages", config.Packages)
		again, err := apkconfig.Parse(strings.NewReader(b.String()))
		if err != nil {
			t.Fatalf("%v; the config written again is\n%s", err, b.String())
		}
		if !reflect.DeepEqual(again.Packages, config.Packages) || !reflect.DeepEqual(again.Archs, config.Archs) || !reflect.DeepEqual(again.Keyring, config.Keyring) {
			t.Errorf("got %+v, want %+v", again, config)
		}
	})
}
