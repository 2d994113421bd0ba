package apkname_test

import (
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkname"
)

func TestParse(t *testing.T) {
	for _, good := range []string{"musl", "libstdc++", "gtk+3.0", "7zip", "R", "a_b", "py3-yaml-0.1", strings.Repeat("a", apkname.MaxLen)} {
		if n, err := apkname.Parse(good); err != nil || n.String() != good {
			t.Errorf("%q: %q, %v", good, n, err)
		}
	}
	for _, bad := range []string{
		"", "../../../up/a", "_lock", "$(id)", "a:b", "-rf", ".", "..", "a/b", "a b", "a\nb", "a\x00", "a=1", "a@b", "é", "a\x7f",
		"+a", ".a", strings.Repeat("a", apkname.MaxLen+1),
	} {
		if n, err := apkname.Parse(bad); err == nil || n != (apkname.Name{}) || !strings.Contains(err.Error(), "package name") {
			t.Errorf("%q: %q, %v", bad, n, err)
		}
	}
}

func TestParseDependency(t *testing.T) {
	for _, good := range []string{"musl", "so:libc.musl-x86_64.so.1", "cmd:[", "cmd:kdevelop!", "/bin/sh", "pc:gtk+-3.0", "nautilus,", "_x"} {
		if n, err := apkname.ParseDependency(good); err != nil || n.String() != good {
			t.Errorf("%q: %q, %v", good, n, err)
		}
	}
	for _, bad := range []string{"", "!a", "a b", "a\nb", "a=1", "a<", "a>", "a~", "a@b", "a\x1b[2J", "é", "a\x7f", strings.Repeat("a", 4097)} {
		if n, err := apkname.ParseDependency(bad); err == nil || n != (apkname.Dependency{}) {
			t.Errorf("%q: %q, %v", bad, n, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"musl", "../../../up/a", "_lock", "$(id)", "a:b", "-rf", "so:libc.musl-x86_64.so.1", "/bin/sh"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, err := apkname.Parse(s)
		if err == nil && (name.String() != s || strings.ContainsAny(s, "/:\\$ \t\n\x00'\"`&;|<>*?[]{}()!~#%@=,^") || s[0] == '-' || s[0] == '.' || s[0] == '_') {
			t.Errorf("%q is a name", s)
		}
		if _, depErr := apkname.ParseDependency(s); err == nil && depErr != nil {
			t.Errorf("%q is a package's name, but nothing may depend on it: %v", s, depErr)
		}
	})
}
