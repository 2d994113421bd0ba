package apk

import (
	"archive/tar"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/filetree"
	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/realapk"
	"github.com/rules-apk/rules_apk/e2e/internal/tarapk"
)

// unusual are entries of all kinds.
func unusual() []tarapk.Entry {
	entry := func(typeflag byte, name string, mode int64, uid, gid int) tarapk.Entry {
		return tarapk.Entry{Header: tar.Header{Typeflag: typeflag, Name: name, Mode: mode, Uid: uid, Gid: gid}}
	}
	file := func(name, content string, mode int64, uid, gid int) tarapk.Entry {
		e := entry(tar.TypeReg, name, mode, uid, gid)
		e.Content = content
		return e
	}
	link := func(typeflag byte, name, to string) tarapk.Entry {
		e := entry(typeflag, name, 0o777, 0, 0)
		e.Linkname = to
		return e
	}
	linked := func(name, to string, mode int64, uid, gid int) tarapk.Entry {
		e := link(tar.TypeLink, name, to)
		e.Mode, e.Uid, e.Gid = mode, uid, gid
		return e
	}
	capable := file("bin/capable", "C", 0o755, 0, 0)
	capable.PAXRecords = map[string]string{
		"SCHILY.xattr.security.capability": "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		"SCHILY.xattr.user.note":           "n",
	}
	deep := strings.Repeat("a-directory-with-a-name/", 12)
	entries := []tarapk.Entry{
		entry(tar.TypeDir, "bin/", 0o755, 0, 0),
		file("bin/one", "ONE", 0o4755, 5, 6), linked("bin/two", "bin/one", 0o4755, 5, 6), linked("bin/three", "bin/one", 0o4755, 5, 6),
		file("bin/all", "ALL", 0o7711, 1234, 5678), capable,
		file("bin/"+strings.Repeat("long", 40), "LONG", 0o644, 0, 0),
		link(tar.TypeSymlink, "bin/far", "/"+deep+"file"),
		file("bin/ünï cödé", "U", 0o644, 0, 0), file("bin/zeros", strings.Repeat("\x00", 1<<20), 0o600, 0, 0), file("bin/empty", "", 0o400, 0, 0),
		entry(tar.TypeDir, "usr/", 0o755, 0, 0), linked("usr/elsewhere", "bin/one", 0o4755, 5, 6),
		entry(tar.TypeDir, "var/", 0o755, 0, 0), entry(tar.TypeDir, "var/sticky/", 0o1777, 0, 0),
		entry(tar.TypeDir, "var/setgid/", 0o2750, 9, 10), entry(tar.TypeDir, "var/empty/", 0o555, 0, 0),
	}
	for i := 1; i <= 12; i++ {
		entries = append(entries, entry(tar.TypeDir, strings.Join(strings.SplitAfterN(deep, "/", 13)[:i], ""), 0o755, 0, 0))
	}
	return append(entries, file(deep+"file", "DEEP", 0o640, 0, 3), linked(deep+"linked", deep+"file", 0o640, 0, 3))
}

// repository makes a repository of packages and returns its name in the chroot.
func (b *bench) repository(t *testing.T, name string, packages ...tarapk.Package) string {
	t.Helper()
	dir := filepath.Join(b.dir, name)
	args := []string{"repository", "--arch=" + realapk.Arch, "--repository-out=" + dir}
	for _, p := range packages {
		file := filepath.Join(b.dir, p.Name+"-1-r0.apk")
		tarapk.Write(t, file, p)
		args = append(args, "--apk="+file)
	}
	program.Run(t, b.ocibuild, args...)
	b.apk.AddRepository(t, name, dir)
	return "/repo/" + name
}

// special are what no content is in.
func special() []tarapk.Entry {
	return []tarapk.Entry{
		{Header: tar.Header{Typeflag: tar.TypeDir, Name: "dev/", Mode: 0o755}},
		{Header: tar.Header{Typeflag: tar.TypeChar, Name: "dev/tape", Mode: 0o660, Gid: 6, Devmajor: 9}},
		{Header: tar.Header{Typeflag: tar.TypeBlock, Name: "dev/disk", Mode: 0o660, Gid: 6, Devmajor: 8, Devminor: 17}},
		{Header: tar.Header{Typeflag: tar.TypeDir, Name: "run/", Mode: 0o755}},
		{Header: tar.Header{Typeflag: tar.TypeFifo, Name: "run/pipe", Mode: 0o620, Uid: 7, Gid: 8}},
	}
}

// Whatever a package can have in it, the image has it as apk would install it.
func TestUnusualFiles(t *testing.T) {
	b := newBench(t)
	repository := b.repository(t, "unusual",
		tarapk.Package{Name: "unusual", Entries: unusual()},
		tarapk.Package{Name: "special", Entries: special()},
		// A file of which another package has more names.
		tarapk.Package{Name: "taker", Info: "depend = unusual\nreplaces = unusual\n", Entries: []tarapk.Entry{
			{Header: tar.Header{Typeflag: tar.TypeDir, Name: "bin/", Mode: 0o755}},
			{Header: tar.Header{Name: "bin/one", Mode: 0o700}, Content: "TAKEN"},
		}},
	)
	want := map[string]map[string]string{
		"unusual": {"bin/all": "ugtrwx--x--x 1234:5678", "bin/two": "urwxr-xr-x 5:6", "var/sticky": "dtrwxrwxrwx 0:0", "var/setgid": "dgrwxr-x--- 9:10"},
		"special": {"dev/tape": "Dcrw-rw---- 0:6 device 9:0", "dev/disk": "Drw-rw---- 0:6 device 8:17", "run/pipe": "prw--w---- 7:8"},
		"taker":   {"bin/one": "-rwx------ 0:0", "bin/two": "urwxr-xr-x 5:6"},
	}
	for _, world := range []string{"unusual", "special", "taker"} {
		packages := b.apk.Install(t, "/real-"+world, []string{repository}, world)
		var names []string
		for _, p := range packages {
			names = append(names, name(p))
		}
		for name, spec := range map[string]map[string]any{
			"layers": {},
			"merged": {"layers": [][]string{names}, "normalised": map[string]string{"unusual": "for the test"}, "exclude": []string{"nothing"}},
		} {
			t.Run(world+" "+name, func(t *testing.T) {
				spec["world"] = []string{world}
				i := b.image(t, world+"-"+name, spec, packages, repository)
				b.compare(t, i.root, "/real-"+world)
				if world != "special" { // apk would read the pipe
					if out := b.apk.Run(t, "audit", "--root", i.root, "--system", "--check-permissions"); out != "" {
						t.Errorf("apk audit prints:\n%s", out)
					}
				}
				tree := filetree.Read(t, filepath.Join(b.apk.Root, i.root))
				for path, want := range want[world] {
					if !strings.HasPrefix(tree[path], want) {
						t.Errorf("%s is %s, want %s", path, tree[path], want)
					}
				}
				if world == "special" {
					return
				}
				if !strings.Contains(tree["bin/capable"], "security.capability=") {
					t.Errorf("bin/capable is %s, want its capabilities", tree["bin/capable"])
				}
				if !strings.Contains(tree["usr/elsewhere"], " = bin/") {
					t.Errorf("usr/elsewhere is %s, want a hard link", tree["usr/elsewhere"])
				}
			})
		}
	}
}

// A sparse file in an archive is a whole file in the image. apk itself passes over such entries, or refuses them.
func TestSparseFiles(t *testing.T) {
	b := newBench(t)
	program.Require(t, "tar")
	source := filepath.Join(b.dir, "source")
	if err := os.MkdirAll(source, 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(source, "holes"))
	if err != nil {
		t.Fatal(err)
	}
	for at, text := range map[int64]string{1 << 20: "MIDDLE", 3 << 20: "END"} {
		if _, err := f.WriteAt([]byte(text), at); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	want := filetree.Read(t, source)["holes"]
	for _, format := range []string{"gnu", "posix"} {
		archive := filepath.Join(b.dir, format+".tar")
		program.Run(t, "tar", "--create", "--sparse", "--format="+format, "--file="+archive, "--directory="+source, "holes")
		data, err := os.ReadFile(archive)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > 1<<20 {
			t.Fatalf("the archive has %d bytes: it is not sparse", len(data))
		}
		repository := b.repository(t, format, tarapk.Package{Name: "sparse", Data: data}, tarapk.Package{Name: "other"})
		for name, spec := range map[string]map[string]any{
			"normalised": {"normalised": map[string]string{"sparse": "sparse"}}, "merged": {"layers": [][]string{{"sparse", "other"}}},
		} {
			t.Run(format+" "+name, func(t *testing.T) {
				// Facts are kept by package: these are others in each repository.
				b.assembler.Dir = t.TempDir()
				i := b.image(t, format+name, spec, []string{"sparse-1-r0", "other-1-r0"}, repository)
				if got := filetree.Read(t, filepath.Join(b.apk.Root, i.root))["holes"]; got != want {
					t.Errorf("the file is %s, want %s", got, want)
				}
			})
		}
	}
}
