package apkfacts

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktest"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
	"github.com/rules-apk/rules_apk/tools/internal/test/realpackages"
)

// busybox makes what looks like one: names and places among other bytes.
func busybox(paths ...string) string {
	var names, places []byte
	for i, p := range paths {
		folder, name := "", p
		if at := strings.LastIndexByte(p, '/'); at >= 0 {
			folder, name = p[:at+1], p[at+1:]
		}
		if i%2 == 0 {
			places = append(places, 0)
		}
		places[i/2] |= byte(slices.Index(appletFolders(), folder)) << (4 * (i % 2))
		names = append(append(names, name...), 0)
	}
	return "\x7fELF 3\x333" + string(places) + "\xff\xff" + string(names) + "\x00more\x00"
}

func texts(paths []imagepath.Path) []string {
	var out []string
	for _, p := range paths {
		out = append(out, p.String())
	}
	return out
}

func someApplets() []string {
	return []string{"usr/bin/[", "usr/bin/[[", "usr/bin/awk", "bin/cat", "usr/sbin/chroot", "bin/false", "sbin/init", "linuxrc", "bin/ls"}
}

func TestApplets(t *testing.T) {
	want := someApplets()
	if got := texts(applets([]byte(busybox(want...)))); !slices.Equal(got, want) {
		t.Errorf("applets are %q, want %q", got, want)
	}
	odd := slices.Clone(want)
	odd[3] = "sbin/cat"
	for name, program := range map[string]string{
		"no busybox": "\x7fELF", "too few": busybox(want[:4]...), "places that are none": busybox(odd...), "two tables": busybox(want...) + busybox(want...),
	} {
		if got := applets([]byte(program)); got != nil {
			t.Errorf("%s: applets are %q, want none", name, got)
		}
	}
}

func TestAppletsOfAPackage(t *testing.T) {
	program := apktest.Regular("bin/busybox", busybox(someApplets()...))
	list := apktest.Regular("etc/busybox-paths.d/busybox", "bin/ls\n")
	for name, c := range map[string]struct {
		files  []apktest.File
		script string
		want   int
	}{
		"without a list":   {[]apktest.File{program}, "/bin/busybox --install -s", len(someApplets())},
		"with a list":      {[]apktest.File{program, list}, "/bin/busybox --install -s", 0},
		"without a script": {[]apktest.File{program}, "true", 0},
		"another name":     {[]apktest.File{apktest.Regular("bin/other", program.Content)}, "/bin/other --install -s", 0},
	} {
		f, _, err := Extract(bytes.NewReader(apktest.Package(t, "p", "", map[string]string{".trigger": c.script}, c.files...)), apkfile.Built())
		if err != nil || len(f.Entries[0].Applets) != c.want {
			t.Errorf("%s: %q, %v, want %d applets", name, f.Entries[0].Applets, err, c.want)
		}
	}
}

// Alpine's own list of each program's applets is what the program has compiled in.
func TestAppletsOfAlpine(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(realpackages.Dir(t), "alpine", "*", "busybox-[0-9]*.apk"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d packages of busybox: %v", len(files), err)
	}
	compared := 0
	for _, file := range files {
		list, program := contents(t, file)
		if list == nil {
			continue
		}
		want := strings.Fields(string(list))
		got := texts(applets(program))
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: applets are %q, want %q", file, got, want)
		}
		compared++
	}
	if compared == 0 {
		t.Error("no package with a list")
	}
}

// contents returns a busybox package's list and program.
func contents(t *testing.T, file string) (list, program []byte) {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	_, err = apkfile.Read(in, apkfile.Built(), func(h *tar.Header, content io.Reader) (err error) {
		switch h.Name {
		case AppletLists + "/busybox":
			list, err = io.ReadAll(content)
		case "bin/busybox":
			program, err = io.ReadAll(content)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list, program
}
