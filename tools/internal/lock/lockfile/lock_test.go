package lockfile_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

func digest(c string) string { return "sha256:" + strings.Repeat(c, 64) }

const checksum = "Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA="

// sample fills every field of the format at least once.
func sample() *lockfile.Lock {
	const repo = "https://example.com/os"
	return &lockfile.Lock{
		Version: 2,
		Config: lockfile.Config{
			Archs: []string{"aarch64", "x86_64"}, Packages: []string{"busybox>1.36"}, Repositories: []string{repo, "@edge ../edge"},
			Keyring: []string{"keys"}, RequireSameVersion: true,
		},
		Notes: []string{`versions differ: busybox is 1.36-r0 (aarch64), 1.37-r0 (x86_64)`},
		Repositories: []lockfile.Repository{
			{URL: repo, Mirrors: []string{"https://mirror.example.com/os"}, Indexes: []lockfile.Index{
				{Arch: "aarch64", Digest: digest("a"), Key: "k.rsa.pub"}, {Arch: "x86_64", Digest: digest("b"), Key: "k.rsa.pub"},
			}},
			{URL: "../edge", Tag: "edge", Indexes: []lockfile.Index{
				{Arch: "aarch64", Digest: digest("c"), Key: "k.rsa.pub"}, {Arch: "x86_64", Digest: digest("d"), Key: "k.rsa.pub"},
			}},
		},
		Packages: []lockfile.Package{
			{
				Name: "busybox", Version: "1.36-r0", Arch: "aarch64", URL: repo + "/aarch64/busybox-1.36-r0.apk",
				Size: 30, SHA256: digest("1"), Sections: lockfile.Sections{Control: lockfile.Range{0, 10}, Data: lockfile.Range{10, 20}},
				Checksum: checksum, Layer: digest("2"), DiffID: digest("3"), Normalise: "a directory over a symlink",
			},
			{
				Name: "busybox", Version: "1.37-r0", Arch: "x86_64", Repository: 1, URL: "../edge/x86_64/busybox-1.37-r0.apk",
				Size: 35, SHA256: digest("4"), Sections: lockfile.Sections{Signature: &lockfile.Range{0, 5}, Control: lockfile.Range{5, 10}, Data: lockfile.Range{15, 20}},
				Checksum: checksum, Layer: digest("5"), DiffID: digest("6"), InstalledSize: 99, BuildTime: 1700000000, Origin: "busybox", License: "GPL-2.0-only",
				Depends: []lockfile.Requirement{{Needs: "/bin/sh", By: []string{"busybox"}}, {Needs: "so:libc.so.1", By: []string{"musl"}}, {Needs: "!toybox<2"}}, Provides: []string{"/bin/sh", "cmd:sh=1.37-r0"}, ProviderPriority: 100,
				InstallIf: []lockfile.Requirement{{Needs: "musl=1-r0", By: []string{"musl"}}}, Replaces: []string{"busybox-initscripts"},
			},
			{
				Name: "musl", Version: "1-r0", Arch: "x86_64", URL: repo + "/x86_64/musl-1-r0.apk",
				Size: 30, SHA256: digest("7"), Sections: lockfile.Sections{Control: lockfile.Range{0, 10}, Data: lockfile.Range{10, 20}},
				Checksum: checksum, Layer: digest("8"), DiffID: digest("9"),
			},
		},
	}
}

func marshal(t *testing.T, l *lockfile.Lock) string {
	t.Helper()
	data, err := lockfile.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestRoundTrip(t *testing.T) {
	text := marshal(t, sample())
	got, err := lockfile.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, sample()) {
		t.Errorf("got  %+v\nwant %+v", got, sample())
	}
	if again := marshal(t, got); again != text {
		t.Errorf("written again:\n%s\nwant:\n%s", again, text)
	}
	if !strings.HasSuffix(text, "}\n") {
		t.Error("does not end with a newline")
	}
	for line := range strings.Lines(text) {
		if n := strings.Count(line, `"sha256":`); n > 1 {
			t.Errorf("%d packages in one line: %s", n, line)
		}
	}
	if !strings.Contains(text, "toybox<2") {
		t.Error("constraints are escaped")
	}
}

func TestSort(t *testing.T) {
	l := sample()
	l.Packages[0], l.Packages[2] = l.Packages[2], l.Packages[0]
	l.Repositories[0].Indexes[0], l.Repositories[0].Indexes[1] = l.Repositories[0].Indexes[1], l.Repositories[0].Indexes[0]
	l.Sort()
	if !reflect.DeepEqual(l, sample()) {
		t.Errorf("got %+v, want %+v", l, sample())
	}
}

func TestMarshalRefuses(t *testing.T) {
	l := sample()
	l.Packages[0].Layer = ""
	if _, err := lockfile.Marshal(l); err == nil || !strings.Contains(err.Error(), `layer is ""`) {
		t.Errorf("Marshal: %v", err)
	}
}

// Each case is what somebody could do to a lock by hand or with a bad merge.
func TestParseRefuses(t *testing.T) {
	whole := marshal(t, sample())
	for _, tt := range []struct{ name, old, new, want string }{
		{"other version", `"version": 2,`, `"version": 1,`, "version is 1, want 2: another release of rules_apk wrote it"},
		{"no version", `"version": 2,`, ``, "no version"},
		{"merge conflict", `"packages": [` + "\n    {", "<<<<<<< HEAD\n", "line 27: invalid character '<'"},
		{"key twice", `"version": 2,`, `"version": 2, "version": 2,`, `key "version" is twice in one object`},
		{"key in capitals", `"size":35`, `"SIZE":35`, `key "SIZE", want "size": fields of a lock are in lower case`},
		{"unknown field", `"depends":`, `"dependz":`, `unknown field "dependz"`},
		{"wrong type", `"size":35`, `"size":"35"`, "line "},
		{"after the end", "\n}\n", "\n}\n{}", "after top-level value"},
		{"digest too short", digest("4"), "sha256:44", `package "busybox" (x86_64): sha256 is "sha256:44"`},
		{"digest in capitals", digest("a"), "sha256:" + strings.Repeat("A", 64), "repository https://example.com/os (aarch64): digest is"},
		{"digest without prefix", digest("6"), strings.Repeat("6", 64), "diff_id is"},
		{"checksum", `"Q1AAAA`, `"Q1`, "checksum is"},
		{"arch", `"1.36-r0","arch":"aarch64"`, `"1.36-r0","arch":"arm64"`, `arch is "arm64", want one of config.archs`},
		{"same package twice", `"1.36-r0","arch":"aarch64"`, `"1.36-r0","arch":"x86_64"`, "is there twice, at versions 1.36-r0 and 1.37-r0"},
		{"order", `{"name":"musl"`, `{"name":"a"`, "want packages sorted"},
		{"repository number", `"repository":1`, `"repository":2`, "repository is 2"},
		{"url of another version", `busybox-1.37-r0.apk`, `busybox-1.38-r0.apk`, `want one that ends in "/busybox-1.37-r0.apk"`},
		{"url elsewhere", `"https://example.com/os/x86_64/musl`, `"https://evil.example.com/os/x86_64/musl`, "want one in its repository"},
		{"size", `"size":35`, `"size":36`, "size is 36, want 35, where its data section ends"},
		{"data size", `[15,20]`, `[15,21]`, "size is 35, want 36"},
		{"data offset", `[15,20]`, `[16,19]`, "sections.data is [16 19], want [15, size]"},
		{"control offset", `[5,10]`, `[4,11]`, "sections.control is [4 11], want [5, size]"},
		{"signature", `[0,5]`, `[1,4]`, "sections.signature is [1 4]"},
		{"edge to nowhere", `"so:libc.so.1","by":["musl"]`, `"so:libc.so.1","by":["glibc"]`, `depends: "so:libc.so.1" is met by "glibc", which is not locked for x86_64`},
		{"edge twice", `"so:libc.so.1","by":["musl"]`, `"so:libc.so.1","by":["musl","musl"]`, "want each name once"},
		{"edge without end", `"so:libc.so.1","by":["musl"]`, `"so:libc.so.1"`, `depends: "so:libc.so.1" is met by no package`},
		{"what is needed", `"needs":"so:libc.so.1"`, `"needs":""`, "depends: "},
		{"install_if to nowhere", `"musl=1-r0","by":["musl"]`, `"musl=1-r0","by":["glibc"]`, `install_if: "musl=1-r0" is met by "glibc", which is not locked`},
		{"provides", `"provides":["/bin/sh"`, `"provides":[""`, "provides: "},
		{"index arch", `{"arch":"x86_64","digest":"` + digest("b"), `{"arch":"x86","digest":"` + digest("b"), `index of "x86"`},
		{"negative", `"installed_size":99`, `"installed_size":-1`, "installed_size is -1"},
		{"null packages", whole, `{"version": 2}`, "config.archs is empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			edited := strings.Replace(whole, tt.old, tt.new, 1)
			if edited == whole {
				t.Fatalf("%q is not in the lock:\n%s", tt.old, whole)
			}
			if _, err := lockfile.Parse([]byte(edited)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
	if _, err := lockfile.Parse([]byte(" \n")); err != lockfile.ErrEmpty {
		t.Errorf("empty: %v", err)
	}
	if _, err := lockfile.Parse([]byte("<html>")); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("html: %v", err)
	}
}
