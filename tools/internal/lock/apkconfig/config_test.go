package apkconfig_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/lock/apkconfig"
)

func TestParse(t *testing.T) {
	got, err := apkconfig.Parse(strings.NewReader(`
repositories:
  - https://example.com/v3.19/main/
  - url: ../local
    mirrors: [https://mirror.example.com/local/, file:///srv/local]
  - "@edge https://example.com/edge"
  - url: "@testing http://example.com/testing"
keyring: [https://example.com/keys/a.rsa.pub, keys]
archs: [x86_64, aarch64, x86_64]
packages: [zlib, "busybox>1.36", foo@edge, 7zip, "!bash", zlib]
require_same_version: true
`))
	if err != nil {
		t.Fatal(err)
	}
	want := &apkconfig.Config{
		Repositories: []apkconfig.Repository{
			{URL: "https://example.com/v3.19/main"},
			{URL: "../local", Mirrors: []string{"https://mirror.example.com/local", "file:///srv/local"}},
			{URL: "https://example.com/edge", Tag: "edge"},
			{URL: "http://example.com/testing", Tag: "testing"},
		},
		Keyring:            []string{"https://example.com/keys/a.rsa.pub", "keys"},
		Archs:              []string{"aarch64", "x86_64"},
		Packages:           []string{"!bash", "7zip", "busybox>1.36", "foo@edge", "zlib"},
		RequireSameVersion: true,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if s := got.Repositories[2].String(); s != "@edge https://example.com/edge" {
		t.Errorf("String() = %q", s)
	}
}

func TestParseRefuses(t *testing.T) {
	whole := map[string]string{
		"repositories": "[https://example.com]",
		"keyring":      "[k.rsa.pub]",
		"archs":        "[x86_64]",
		"packages":     "[musl]",
	}
	with := func(key, value string) string {
		var b strings.Builder
		for _, k := range []string{"repositories", "keyring", "archs", "packages"} {
			v := whole[k]
			if k == key {
				v = value
			}
			b.WriteString(k + ": " + v + "\n")
		}
		if _, ok := whole[key]; !ok && key != "" {
			b.WriteString(key + ": " + value + "\n")
		}
		return b.String()
	}
	if _, err := apkconfig.Parse(strings.NewReader(with("", ""))); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, in, want string }{
		{"empty", "", "the file is empty"},
		{"list", "[a]", "line 1: got a list, want a mapping"},
		{"syntax", "a: [", "yaml: line 1"},
		{"two documents", with("", "") + "---\na: b\n", "second YAML document"},
		{"unknown key", with("package", "[x]"), `line 5: unknown key "package", want one of archs, keyring, packages, repositories, require_same_version; did you mean "packages"?`},
		{"repeated key", with("", "") + "archs: [x86]", `line 5: key "archs" is given twice`},
		{"no repositories", with("repositories", ""), "repositories: none"},
		{"repositories string", with("repositories", "https://a"), `repositories: line 1: got "https://a", want a list`},
		{"repository key", with("repositories", "[{urk: x}]"), `unknown key "urk", want one of mirrors, url; did you mean "url"?`},
		{"repository without url", with("repositories", "[{mirrors: [x]}]"), "no url"},
		{"repository tag", with("repositories", `["@edge"]`), `got "@edge", want "@tag https://…"`},
		{"repository twice", with("repositories", "[https://a, https://a/]"), `"https://a" is listed twice`},
		{"scheme", with("repositories", "[ftp://a]"), `scheme is "ftp", want https, http or file`},
		{"mirror scheme", with("repositories", "[{url: x, mirrors: [s3://a]}]"), `scheme is "s3"`},
		{"secret", with("repositories", "[https://me:secret@a]"), "credentials in a URL"},
		{"query", with("repositories", `["https://a/b?token=secret"]`), "has a query"},
		{"bad url", with("repositories", `["https://a:secret b@/%zz"]`), "not a valid URL"},
		{"no keyring", with("keyring", "[]"), "keyring: empty; want the public keys"},
		{"key secret", with("keyring", "[https://me:secret@a/k.rsa.pub]"), "credentials in a URL"},
		{"no archs", with("archs", "[]"), "archs: none"},
		{"other arch name", with("archs", "[arm64]"), `did you mean "aarch64"?`},
		{"misspelt arch", with("archs", "[x86-64]"), `did you mean "x86_64"?`},
		{"no packages", with("packages", "[]"), "packages: none"},
		{"null package", with("packages", "[musl, ]\npackages2: [~]"), `unknown key "packages2"`},
		{"package is null", with("packages", "[~]"), "got nothing, want a string"},
		{"bad constraint", with("packages", `["a=="]`), "a=="},
		{"unknown tag", with("packages", "[foo@edge]"), `no repository has the tag "edge"`},
		{"same version", with("require_same_version", "yes please"), `require_same_version: line 5: got "yes please", want true or false`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := apkconfig.Parse(strings.NewReader(tt.in))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("error repeats a secret: %v", err)
			}
		})
	}
}
