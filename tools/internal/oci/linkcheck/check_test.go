package linkcheck

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/elffile"
)

const (
	muslLinker  = "/lib/ld-musl-x86_64.so.1"
	glibcLinker = "/lib64/ld-linux-x86-64.so.2"
)

func program(path, interpreter string, needs ...string) Entry {
	o := &elffile.Object{Machine: "x86_64", Class: 64, Program: true, Interpreter: interpreter}
	for _, n := range needs {
		name, versions, _ := strings.Cut(n, "@")
		need := elffile.Need{Name: name}
		if versions != "" {
			need.Versions = strings.Split(versions, ",")
		}
		o.Needs = append(o.Needs, need)
	}
	return Entry{Path: path, ELF: o}
}

// plugin is a shared object that is no program.
func plugin(path string, needs ...string) Entry {
	e := program(path, "", needs...)
	e.ELF.Program = false
	return e
}

func on(machine string, e Entry) Entry {
	e.ELF.Machine = machine
	return e
}

// library is what facts say of a shared object.
func library(path, soname string, versions ...string) Entry {
	return Entry{Path: path, Library: &elffile.Object{Machine: "x86_64", Class: 64, Soname: soname, Versions: versions}}
}

func list(entries ...Entry) *List { return &List{Format: Format, Entries: entries} }

func musl() *List {
	l := list(library("lib/ld-musl-x86_64.so.1", ""), Entry{Path: "lib/libc.musl-x86_64.so.1", Type: "symlink", Link: "ld-musl-x86_64.so.1"})
	l.Name, l.Version = "musl", "1.2.4-r0"
	return l
}

func glibc(versions ...string) *List {
	l := list(library("usr/lib/ld-linux-x86-64.so.2", "ld-linux-x86-64.so.2"), library("usr/lib/libc.so.6", "libc.so.6", versions...))
	l.Name, l.Version = "glibc", "2.36-r0"
	return l
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name    string
		request Request
		want    []string // problems
		notes   []string
	}{
		{"what is needed is there", Request{Lists: []*List{musl(), list(
			library("usr/lib/libssl.so.3", "libssl.so.3"),
			program("app/server", muslLinker, "libssl.so.3", "libc.musl-x86_64.so.1"))}}, nil, nil},
		{"a library is missing, and a package of a lock has it", Request{Lists: []*List{musl(), list(
			program("app/server", muslLinker, "libssl.so.3", "libc.musl-x86_64.so.1"))}},
			[]string{"/app/server needs libssl.so.3, which nothing in the image has; @alpine//libssl3 provides it"}, nil},
		{"nobody has it", Request{Lists: []*List{musl(), list(program("app/server", muslLinker, "libx.so.1"))}},
			[]string{"/app/server needs libx.so.1, which nothing in the image has; add the package or the layer that has it, or link statically"}, nil},
		{"no C library at all", Request{Lists: []*List{list(program("app/server", muslLinker, "libc.musl-x86_64.so.1"))}},
			[]string{
				"/app/server needs libc.musl-x86_64.so.1, which nothing in the image has; @alpine//musl provides it",
				"/app/server needs the dynamic linker /lib/ld-musl-x86_64.so.1, which nothing in the image has; @alpine//musl provides it",
			}, nil},
		{"glibc program on musl", Request{Lists: []*List{musl(), list(program("app/server", glibcLinker, "libc.so.6@GLIBC_2.34", "libm.so.6"))}},
			[]string{"/app/server is linked against glibc (it asks for /lib64/ld-linux-x86-64.so.2), and the image has musl; build it for musl or statically, or take a base with glibc"}, nil},
		{"musl program on glibc", Request{Lists: []*List{glibc(), list(program("app/server", muslLinker, "libc.musl-x86_64.so.1"))}},
			[]string{"/app/server is linked against musl (it asks for /lib/ld-musl-x86_64.so.1), and the image has glibc; build it for glibc or statically, or take a base with musl"}, nil},
		{"gcompat", Request{Lists: []*List{musl(), list(library("lib/ld-linux-x86-64.so.2", "libgcompat.so.0"),
			program("app/server", glibcLinker, "libc.so.6@GLIBC_2.34", "libm.so.6"))}}, nil, nil},
		{"glibc is old enough", Request{Lists: []*List{glibc("GLIBC_2.2.5", "GLIBC_2.34"), list(program("app/server", glibcLinker, "libc.so.6@GLIBC_2.34"))}}, nil, nil},
		{"glibc is too old", Request{Lists: []*List{glibc("GLIBC_2.2.5", "GLIBC_2.34"), list(program("app/server", glibcLinker, "libc.so.6@GLIBC_2.38,GLIBC_2.34"))}},
			[]string{"/app/server needs libc.so.6 with GLIBC_2.38, but the libc.so.6 of glibc-2.36-r0 in the image has no such symbols: it is older; build against one that is as old, or take a newer one"}, nil},
		{"other machine", Request{Lists: []*List{musl(), list(on("aarch64", program("app/server", "/lib/ld-musl-aarch64.so.1", "libx.so.1")))}},
			[]string{"/app/server is a program for aarch64, the image is for linux/amd64; build it for that"}, nil},
		{"shared objects for other machines", Request{Lists: []*List{musl(), list(on("aarch64", plugin("app/arm64.node", "libx.so.1")))}}, nil, nil},
		{"32 bits", Request{Lists: []*List{list(on("x86", program("app/small", "", "libx.so.1")), on("x86", plugin("app/libx.so.1")))}}, nil, nil},
		{"the library is for another machine", Request{Lists: []*List{list(program("app/server", "", "libx.so.1"), on("x86", plugin("app/libx.so.1")))}},
			[]string{"/app/server needs libx.so.1, which nothing in the image has; add the package or the layer that has it, or link statically"}, nil},
		{"found by its soname, a link and a hard link", Request{Lists: []*List{list(
			program("app/server", "", "liba.so.1", "libb.so.1", "libc.so.1"),
			library("lib/liba-1.so", "liba.so.1"), library("lib/libb.so.1.2", ""), library("lib/lib-c", ""),
			Entry{Path: "lib/libb.so.1", Type: "symlink", Link: "libb.so.1.2"}, Entry{Path: "lib/libc.so.1", Type: "hardlink", Link: "lib/lib-c"})}}, nil, nil},
		{"plugins for both C libraries", Request{Lists: []*List{musl(), list(plugin("app/a.node", "libc.so.6"), plugin("app/b.node", "libc.musl-x86_64.so.1"))}},
			nil, []string{"/app/a.node needs libc.so.6, which nothing in the image has; add the package or the layer that has it, or link statically"}},
		{"a base that nobody knows", Request{Partial: true, Lists: []*List{list(
			program("app/server", muslLinker, "libssl.so.3"), on("aarch64", program("app/other", "")))}},
			[]string{"/app/other is a program for aarch64, the image is for linux/amd64; build it for that"}, nil},
		{"the program is for another system", Request{Program: "/app/server", Lists: []*List{list(
			Entry{Path: "app/server", System: "macOS"}, Entry{Path: "share/setup.exe", System: "Windows"})}},
			[]string{"/app/server, which the image runs, is a program for macOS; build it for linux/amd64"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.request.Platform = v1.Platform{OS: "linux", Architecture: "amd64"}
			test.request.Providers = func(machine, soname string) []string {
				switch machine + " " + soname {
				case "x86_64 libssl.so.3":
					return []string{"@alpine//libssl3"}
				case "x86_64 libc.musl-x86_64.so.1":
					return []string{"@alpine//musl"}
				}
				return nil
			}
			got := Check(test.request)
			if !slices.Equal(got.Problems, test.want) || !slices.Equal(got.Notes, test.notes) {
				t.Errorf("got problems\n%s\nand notes\n%s\nwant\n%s\nand\n%s", strings.Join(got.Problems, "\n"),
					strings.Join(got.Notes, "\n"), strings.Join(test.want, "\n"), strings.Join(test.notes, "\n"))
			}
		})
	}
}

func TestAddFile(t *testing.T) {
	l := &List{}
	for name, content := range map[string]string{
		"empty": "", "text": "hello", "mac": "\xcf\xfa\xed\xfe....", "dos": "MZ" + strings.Repeat("\x00", 100),
		"windows.exe": "MZ" + strings.Repeat("\x00", 0x3a) + "\x40\x00\x00\x00PE\x00\x00", "cut": "MZ\x00\x00", "elf": "\x7fELF...",
	} {
		if err := l.AddFile(name, strings.NewReader(content)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	slices.SortFunc(l.Entries, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	if want := []Entry{{Path: "mac", System: "macOS"}, {Path: "windows.exe", System: "Windows"}}; !slices.Equal(l.Entries, want) {
		t.Errorf("got %+v, want %+v", l.Entries, want)
	}
}

// Real ELF files, through the list's JSON.
func TestRealFiles(t *testing.T) {
	read := func(names ...string) *List {
		l := &List{Format: Format}
		for _, name := range names {
			f, err := os.Open(filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := l.AddFile("app/"+name, f); err != nil {
				t.Fatal(err)
			}
		}
		text, err := l.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if l, err = Parse(text); err != nil {
			t.Fatal(err)
		}
		return l
	}
	for _, test := range []struct {
		lists []*List
		want  string
	}{
		{[]*List{musl(), read("program", "libgreet.so.2")}, ""},
		{[]*List{musl(), read("static", "static-pie")}, ""},
		{[]*List{musl(), read("program", "libgreet-old.so")}, "/app/program needs libgreet.so.2 with GREET_2.0, but the libgreet.so.2 in the image has no such symbols: it is older; build against one that is as old, or take a newer one"},
		{[]*List{musl(), read("program")}, "/app/program needs libgreet.so.2, which nothing in the image has; add the package or the layer that has it, or link statically"},
	} {
		got := Check(Request{Platform: v1.Platform{OS: "linux", Architecture: "amd64"}, Lists: test.lists})
		if strings.Join(got.Problems, "\n") != test.want || len(got.Notes) > 0 {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		`{"format":2,"entries":[]}`: "ELF list: format is 2, want 1",
		`[]`:                        "ELF list: json:",
		// Facts have more than a list.
		`{"format":1,"name":"a","version":"1","layer":{},"entries":[{"path":"a","mode":"755","library":{"machine":"x86_64","class":64}}]}`: "",
	} {
		if _, err := Parse([]byte(text)); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

// FuzzCheck looks for lists that take the check down.
func FuzzCheck(f *testing.F) {
	for _, l := range []*List{musl(), glibc("GLIBC_2.34"), list(program("a", glibcLinker, "libc.so.6@GLIBC_2.34", "b.so")), list(Entry{Path: "a.so", Type: "hardlink", Link: "b"})} {
		text, err := l.JSON()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, text, "amd64", "/a")
	}
	f.Fuzz(func(t *testing.T, a, b []byte, architecture, run string) {
		first, err := Parse(a)
		if err != nil {
			return
		}
		second, err := Parse(b)
		if err != nil {
			return
		}
		r := Request{Platform: v1.Platform{OS: "linux", Architecture: architecture}, Lists: []*List{first, second}, Program: run}
		one, two := Check(r), Check(r)
		if !slices.Equal(one.Problems, two.Problems) || !slices.Equal(one.Notes, two.Notes) {
			t.Errorf("two checks differ: %q, %q", one, two)
		}
	})
}
