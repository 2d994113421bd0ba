package convert

import (
	"archive/tar"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/deb"
	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/debtest"
)

func stanza(fields ...string) string { return strings.Join(fields, "\n") + "\n" }

// base, libz and app are a small Debian: app needs libz, and a shell that is excluded.
var (
	base = debtest.Deb{
		Control: stanza("Package: base-files", "Version: 12.4", "Architecture: amd64", "Pre-Depends: awk", "Provides: base"),
		Files:   []tar.Header{{Name: "./bin/"}, {Name: "./lib/"}, {Name: "./etc/"}, {Name: "./etc/os-release", Linkname: "../usr/lib/os-release"}},
		ModTime: 1_600_000_000,
	}
	libz = debtest.Deb{
		Control: stanza("Package: zlib1g", "Source: zlib (1.2)", "Version: 1:1.2.13-1", "Architecture: amd64", "Provides: libz1 (= 1:1.2.13-1)",
			"Maintainer: Mark <mark@example.com>", "Homepage: http://zlib.net/", "Description: compression library\n runtime"),
		Files: []tar.Header{
			{Name: "./lib/"}, {Name: "./lib/x86_64-linux-gnu/"}, {Name: "./usr/lib/"}, {Name: "./usr/lib/x86_64-linux-gnu/"},
			{Name: "./lib/x86_64-linux-gnu/libz.so.1.2.13"}, {Name: "./lib/x86_64-linux-gnu/libz.so.1", Linkname: "libz.so.1.2.13"},
			{Name: "./usr/share/doc/zlib1g/copyright"},
		},
		Bodies:  map[string]string{"./usr/share/doc/zlib1g/copyright": "Format: 1.0\n\nFiles: *\nLicense: Zlib\n"},
		ModTime: 1_700_000_000,
	}
	app = debtest.Deb{
		Control: stanza("Package: app", "Version: 2.0~rc1-1+b1", "Architecture: all",
			"Depends: zlib1g (>= 1:1.2.11), dpkg, libz1, other-shell | base", "Breaks: zlib1g (<< 1:1.1), absent (<< 3)",
			"Conflicts: app-virtual", "Provides: app-virtual", "Replaces: zlib1g (<< 1:1.2.0), absent"),
		Files: []tar.Header{
			{Name: "./bin/app", Mode: 0o755}, {Name: "./usr/bin/app", Linkname: "/bin/app"},
			{Name: "./usr/share/doc/app", Linkname: "zlib1g"},
		},
	}
)

func set(t *testing.T, exclude []string, debs ...debtest.Deb) (*Set, error) {
	t.Helper()
	var packages []*deb.Package
	for _, d := range debs {
		d.Name = "test"
		p, err := deb.Unpack(d.Write(t), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	return NewSet("amd64", exclude, t.TempDir(), packages)
}

func convertAll(t *testing.T, exclude []string, debs ...debtest.Deb) map[string]*Package {
	t.Helper()
	s, err := set(t, exclude, debs...)
	if err != nil {
		t.Fatal(err)
	}
	converted, err := s.Packages()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*Package{}
	for _, p := range converted {
		all[p.Spec.Name] = p
	}
	return all
}

func TestSpecs(t *testing.T) {
	all := convertAll(t, []string{"dpkg", "awk"}, app, base, libz)
	for name, want := range map[string]Spec{
		"base-files": {
			Name: "base-files", Version: "12.4-r0", Arch: "x86_64", Description: " (Debian 12.4)",
			License: "LicenseRef-Debian-base-files", Provides: []string{"base"}, BuildTime: base.ModTime,
		},
		"zlib1g": {
			Name: "zlib1g", Version: "1000000000001.2.13_p1-r0", Arch: "x86_64", Description: "compression library (Debian 1:1.2.13-1)",
			License: "Zlib", URL: "http://zlib.net/", Origin: "zlib", Maintainer: "Mark <mark@example.com>",
			Depends: []string{"base-files"}, Provides: []string{"libz1=1000000000001.2.13_p1-r0"}, BuildTime: libz.ModTime,
		},
		"app": {
			Name: "app", Version: "2.0_rc1_p1_p1-r0", Arch: "noarch", Description: " (Debian 2.0~rc1-1+b1)", License: "Zlib",
			Depends:  []string{"!zlib1g<1000000000001.1-r0", "base", "base-files", "libz1", "zlib1g>=1000000000001.2.11-r0"},
			Provides: []string{"app-virtual"}, Replaces: []string{"zlib1g<1000000000001.2.0-r0"},
		},
	} {
		if got := all[name].Spec; !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, want)
		}
	}
}

func TestEntries(t *testing.T) {
	all := convertAll(t, []string{"dpkg", "awk"}, app, base, libz)
	for name, want := range map[string]string{
		"base-files": "usr/bin/ usr/lib/ etc/ etc/os-release->../usr/lib/os-release bin->usr/bin lib->usr/lib lib64->usr/lib64 sbin->usr/sbin",
		"zlib1g": "usr/lib/ usr/lib/x86_64-linux-gnu/ usr/lib/x86_64-linux-gnu/libz.so.1.2.13 " +
			"usr/lib/x86_64-linux-gnu/libz.so.1->libz.so.1.2.13 usr/share/doc/zlib1g/copyright",
		"app": "usr/bin/app usr/share/doc/app->zlib1g",
	} {
		var got []string
		for _, e := range all[name].Entries {
			switch {
			case e.Mode.IsDir():
				got = append(got, e.Path+"/")
			case e.Link != "":
				got = append(got, e.Path+"->"+e.Link)
			default:
				got = append(got, e.Path)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, strings.Join(got, " "), want)
		}
	}
	if mode := all["app"].Entries[0].Mode; mode != 0o755 {
		t.Errorf("app has mode %v, want 0755", mode)
	}
}

func TestRefusals(t *testing.T) {
	twice, foreign, older, collides := libz, libz, app, app
	twice.Files = []tar.Header{{Name: "./bin/a"}, {Name: "./usr/bin/a"}}
	foreign.Control = stanza("Package: a", "Version: 1", "Architecture: arm64")
	older.Control = stanza("Package: app", "Version: 1", "Architecture: all", "Depends: zlib1g (>= 2:1.0) | nothing")
	collides.Control = stanza("Package: app", "Version: 1", "Architecture: all", "Depends: a (<< 1+y1)")
	collision := debtest.Deb{Control: stanza("Package: a", "Version: 1+x1", "Architecture: all")}
	for _, c := range []struct {
		debs []debtest.Deb
		want string
	}{
		{[]debtest.Deb{twice}, "package zlib1g: ships usr/bin/a twice once /usr is merged"},
		{[]debtest.Deb{foreign}, "package a: is for arm64, want amd64 or all"},
		{[]debtest.Deb{libz, libz}, "package zlib1g: is there as 1:1.2.13-1 and as"},
		{[]debtest.Deb{libz}, "want the package base-files here"},
		{[]debtest.Deb{base, libz, older}, "package app (1): no package here satisfies its dependency on [zlib1g (>= 2:1.0) nothing]"},
		{[]debtest.Deb{base, collision, collides}, `a (<< 1+y1): versions "1+x1" and "1+y1": as "1.0.1-r0" and "1.0.1-r0"`},
		{[]debtest.Deb{{Control: stanza("Package: ca-certificates", "Version: 1", "Architecture: all")}}, "no certificates below usr/share/ca-certificates/"},
	} {
		s, err := set(t, []string{"awk"}, c.debs...)
		if err == nil {
			_, err = s.Packages()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}

func TestBundle(t *testing.T) {
	certificates := debtest.Deb{
		Control: stanza("Package: ca-certificates", "Version: 20250419", "Architecture: all"),
		Files:   []tar.Header{{Name: "./usr/share/ca-certificates/m/b.crt"}, {Name: "./usr/share/ca-certificates/m/a.crt"}, {Name: "./usr/share/ca-certificates/m/README"}},
		Bodies:  map[string]string{"./usr/share/ca-certificates/m/b.crt": "B\n\n", "./usr/share/ca-certificates/m/a.crt": "A", "./usr/share/ca-certificates/m/README": "no"},
	}
	entries := convertAll(t, nil, certificates)["ca-certificates"].Entries
	generated, link := entries[len(entries)-2], entries[len(entries)-1]
	text, err := os.ReadFile(generated.File)
	if err != nil || string(text) != "A\nB\n" || generated.Path != "etc/ssl/certs/ca-certificates.crt" || generated.Mode != 0o644 {
		t.Errorf("bundle %+v: %q, %v", generated, text, err)
	}
	if link.Path != "usr/lib/ssl/cert.pem" || link.Link != "/etc/ssl/certs/ca-certificates.crt" || link.Mode.Type() != fs.ModeSymlink {
		t.Errorf("link: %+v", link)
	}
}

// TestSonames uses a library of this machine.
func TestSonames(t *testing.T) {
	files, _ := filepath.Glob("/lib/*-linux-gnu/libz.so.1")
	if len(files) == 0 {
		files, _ = filepath.Glob("/lib/*-linux-gnu/libc.so.6")
	}
	if len(files) == 0 {
		t.Skip("SKIPPED: no shared library to read here")
	}
	library, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	soname := filepath.Base(files[0])
	with := libz
	with.Bodies = map[string]string{"./lib/x86_64-linux-gnu/libz.so.1.2.13": string(library)}
	needs := app
	needs.Bodies = map[string]string{"./bin/app": string(library)}
	all := convertAll(t, []string{"dpkg", "awk"}, base, with, needs)
	if want := "so:" + soname + "=1.2.13"; !strings.Contains(strings.Join(all["zlib1g"].Spec.Provides, " "), want) {
		t.Errorf("provides %v, want %s among them", all["zlib1g"].Spec.Provides, want)
	}
	if got := strings.Join(all["app"].Spec.Provides, " "); strings.Contains(got, "so:") {
		t.Errorf("a program provides %s, want no library", got)
	}
}

func TestSoVersion(t *testing.T) {
	for _, c := range []struct{ file, soname, want string }{
		{"libz.so.1.2.13", "libz.so.1", "1.2.13"}, {"libssl.so.3", "libssl.so.3", "3"}, {"libdb-5.3.so", "libdb-5.3.so", "0"},
		{"libx.so.1.x", "libx.so.1", "1"}, {"libx.so.", "libx.so", "0"},
	} {
		if got := soVersion(c.file, c.soname); got != c.want {
			t.Errorf("%s: got %s, want %s", c.file, got, c.want)
		}
	}
}
