package apkmerge

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktest"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktree"
)

// layer merges packages, given in install order by name, and returns a line for each entry.
func layer(t *testing.T, exclude []string, packages ...[]byte) ([]string, error) {
	t.Helper()
	var all []*apkfacts.Facts
	var sources []Source
	for i, data := range packages {
		f, _, err := apkfacts.Extract(bytes.NewReader(data), apkfile.Built())
		if err != nil {
			return nil, err
		}
		file := filepath.Join(t.TempDir(), f.Name+".apk")
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
		all, sources = append(all, f), append(sources, Source{Package: i, File: file})
	}
	x, err := apktree.NewExclusion(exclude)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := apktree.New(all, x)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := Write(&out, tree, sources, "test"); err != nil {
		return nil, err
	}
	return list(t, &out), nil
}

func list(t *testing.T, r io.Reader) []string {
	t.Helper()
	zip, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for archive := tar.NewReader(zip); ; {
		h, err := archive.Next()
		if err == io.EOF {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		line := h.Name
		switch h.Typeflag {
		case tar.TypeLink:
			line += " = " + h.Linkname
		case tar.TypeReg:
			line += fmt.Sprintf(" %o %s", h.Mode, content)
		case tar.TypeChar:
			line += fmt.Sprintf(" %d:%d", h.Devmajor, h.Devminor)
		}
		lines = append(lines, line)
	}
}

func hardlink(name, to string) apktest.File {
	return apktest.File{Header: &tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: to, Mode: 0o755}}
}

func program(name, content string) apktest.File {
	f := apktest.Regular(name, content).Stated()
	f.Mode = 0o755
	return f
}

// The names of a file stay names of one file whatever becomes of the one that the archive has its bytes under.
func TestHardLinks(t *testing.T) {
	linked := []apktest.File{program("bin/a", "A"), hardlink("bin/b", "bin/a"), hardlink("bin/c", "bin/b"), hardlink("bin/d", "bin/a")}
	later := apktest.Package(t, "later", "replaces = first\n", nil, program("bin/a", "LATER"))
	for name, c := range map[string]struct {
		exclude  []string
		packages [][]byte
		want     []string
	}{
		"all stay": {
			[]string{"none"},
			[][]byte{apktest.Package(t, "first", "", nil, linked...), apktest.Package(t, "other", "", nil)},
			[]string{"bin/a 755 A", "bin/b = bin/a", "bin/c = bin/a", "bin/d = bin/a"},
		},
		"the file is excluded": {
			[]string{"bin/a"},
			[][]byte{apktest.Package(t, "first", "", nil, linked...)},
			[]string{"bin/b 755 A", "bin/c = bin/b", "bin/d = bin/b"},
		},
		"the file and a link are excluded": {
			[]string{"bin/a", "bin/b"},
			[][]byte{apktest.Package(t, "first", "", nil, linked...)},
			[]string{"bin/c 755 A", "bin/d = bin/c"},
		},
		"a link is excluded": {
			[]string{"bin/c"},
			[][]byte{apktest.Package(t, "first", "", nil, linked...)},
			[]string{"bin/a 755 A", "bin/b = bin/a", "bin/d = bin/a"},
		},
		"the file is another package's": {
			nil,
			[][]byte{apktest.Package(t, "first", "", nil, linked...), later},
			[]string{"bin/b 755 A", "bin/c = bin/b", "bin/d = bin/b", "bin/a 755 LATER"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := layer(t, c.exclude, c.packages...)
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("layer has %q (%v), want %q", got, err, c.want)
			}
		})
	}
	if _, err := layer(t, []string{"x"}, apktest.Package(t, "p", "", nil, apktest.Regular("x", ""), hardlink("y", "z"))); err == nil || !strings.Contains(err.Error(), "hard link to z") {
		t.Errorf("error is %v, want one about a link to nothing", err)
	}
}

// What a merged layer must not lose either: devices, names that no header of a tar holds, empty directories.
func TestMergedLayerKeepsAll(t *testing.T) {
	long := strings.Repeat("directory-with-a-long-name/", 12) + strings.Repeat("f", 120)
	data := []apktest.File{
		{Header: &tar.Header{Typeflag: tar.TypeDir, Name: "empty/", Mode: 0o1777}},
		{Header: &tar.Header{Typeflag: tar.TypeChar, Name: "dev/x", Devmajor: 1, Devminor: 3, Mode: 0o666}},
		{Header: &tar.Header{Typeflag: tar.TypeSymlink, Name: "link", Linkname: "/" + long}},
		program(long, "L"),
	}
	got, err := layer(t, nil, apktest.Package(t, "p", "", nil, data...), apktest.Package(t, "other", "", nil))
	want := []string{"empty/", "dev/x 1:3", "link", long + " 755 L"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("layer has %q (%v), want %q", got, err, want)
	}
}
