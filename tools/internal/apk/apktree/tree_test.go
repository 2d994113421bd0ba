package apktree

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// pkg makes facts; info is "key=value" words, entries come as they are.
func pkg(name, info string, entries ...apkfacts.Entry) *apkfacts.Facts {
	f := &apkfacts.Facts{Name: name, Version: "1-r0", Entries: entries}
	for _, word := range strings.Fields(info) {
		key, value, _ := strings.Cut(word, ":")
		f.Info = append(f.Info, apkfile.Pair{Key: key, Value: value})
	}
	return f
}

func at(path string) imagepath.Path {
	if path == "." {
		return imagepath.Path{}
	}
	return imagepath.Must(path)
}

func dir(path string, mode apkfacts.Mode, uid int) apkfacts.Entry {
	return apkfacts.Entry{Path: at(path), Type: apkfacts.Dir, Mode: mode, UID: uid}
}

func file(path, content string) apkfacts.Entry {
	return apkfacts.Entry{Path: at(path), Mode: 0o644, Checksum: content}
}

func symlink(path, target string) apkfacts.Entry {
	return apkfacts.Entry{Path: at(path), Type: apkfacts.Symlink, Mode: 0o777, Link: target, Checksum: target}
}

// Whose a path is that two packages have. The answers are those of apk 2.14, but for identical content, which apk
// refuses.
func TestWhoOwnsAFile(t *testing.T) {
	for name, c := range map[string]struct {
		first, second *apkfacts.Facts
		want          string // the owner's name, or "conflict"
	}{
		"different content":            {pkg("a", "", file("d/f", "A")), pkg("b", "", file("d/f", "B")), "conflict"},
		"same content":                 {pkg("a", "", file("d/f", "A")), pkg("b", "", file("d/f", "A")), "b"},
		"same text in link and file":   {pkg("a", "", file("d/f", "A")), pkg("b", "", symlink("d/f", "A")), "conflict"},
		"same link":                    {pkg("a", "", symlink("d/f", "A")), pkg("b", "", symlink("d/f", "A")), "b"},
		"second replaces":              {pkg("a", "", file("d/f", "A")), pkg("b", "replaces:a", file("d/f", "B")), "b"},
		"second replaces that version": {pkg("a", "", file("d/f", "A")), pkg("b", "replaces:a<2", file("d/f", "B")), "b"},
		"second replaces another one":  {pkg("a", "", file("d/f", "A")), pkg("b", "replaces:a<1", file("d/f", "B")), "conflict"},
		"first replaces":               {pkg("a", "replaces:b", file("d/f", "A")), pkg("b", "", file("d/f", "B")), "a"},
		"both, first has priority":     {pkg("a", "replaces:b replaces_priority:5", file("d/f", "A")), pkg("b", "replaces:a replaces_priority:1", file("d/f", "B")), "a"},
		"both, second has priority":    {pkg("a", "replaces:b", file("d/f", "A")), pkg("b", "replaces:a replaces_priority:1", file("d/f", "B")), "b"},
		"both alike":                   {pkg("a", "replaces:b", file("d/f", "A")), pkg("b", "replaces:a", file("d/f", "B")), "b"},
		"same origin":                  {pkg("a", "origin:o", file("d/f", "A")), pkg("b", "origin:o", file("d/f", "B")), "b"},
		"file over directory":          {pkg("a", "", dir("d/f", 0o755, 0)), pkg("b", "", file("d/f", "B")), "conflict"},
		"directory over file":          {pkg("a", "", file("d/f", "A")), pkg("b", "", dir("d/f", 0o755, 0)), "conflict"},
		"file in a file":               {pkg("a", "", file("d/f", "A")), pkg("b", "", file("d/f/x", "B")), "conflict"},
		"file far below a file":        {pkg("a", "", file("d/f", "A")), pkg("b", "", file("d/f/x/y", "B")), "conflict"},
		"file over what has a file":    {pkg("a", "", file("d/f/x/y", "A")), pkg("b", "", file("d/f", "B")), "conflict"},
	} {
		t.Run(name, func(t *testing.T) {
			tree, err := New([]*apkfacts.Facts{c.first, c.second}, nil)
			if c.want == "conflict" {
				if err == nil || !strings.Contains(err.Error(), "a-1-r0") || !strings.Contains(err.Error(), "b-1-r0") || !strings.Contains(err.Error(), "d/f") {
					t.Errorf("error is %v, want one that names both packages and d/f", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := tree.Packages[tree.Node(at("d/f")).Owner].Facts.Name; got != c.want {
				t.Errorf("owner is %s, want %s", got, c.want)
			}
			for _, p := range tree.Packages {
				if has := len(p.Kept()) == 1; has != (p.Facts.Name == c.want) {
					t.Errorf("package %s keeps the file: %v", p.Facts.Name, has)
				}
			}
			if len(tree.Losses) != 1 || tree.Packages[tree.Losses[0].By].Facts.Name != c.want {
				t.Errorf("losses are %+v", tree.Losses)
			}
		})
	}
}

// The rule is that of apk 2.14: the lowest uid, then gid; of the modes what all of that owner have.
func TestDirectoryThatPackagesDisagreeOn(t *testing.T) {
	for name, c := range map[string]struct {
		a, b apkfacts.Entry
		want string // "" if the layers are right as they are
	}{
		"alike":                    {dir("d", 0o755, 0), dir("d", 0o755, 0), ""},
		"narrower below":           {dir("d", 0o555, 0), dir("d", 0o755, 0), "0:555"},
		"narrower above":           {dir("d", 0o755, 0), dir("d", 0o555, 0), ""},
		"neither has all":          {dir("d", 0o750, 0), dir("d", 0o705, 0), "0:700"},
		"lower owner below":        {dir("d", 0o700, 3), dir("d", 0o711, 4), "3:700"},
		"lower owner above":        {dir("d", 0o711, 4), dir("d", 0o700, 3), ""},
		"owner decides, not modes": {dir("d", 0o777, 0), dir("d", 0o700, 4), "0:777"},
	} {
		t.Run(name, func(t *testing.T) {
			tree, err := New([]*apkfacts.Facts{pkg("a", "", c.a), pkg("b", "", c.b)}, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, e := range tree.DirectoryFixes([]int{0, 1}, nil) {
				mode, _ := e.Mode.MarshalJSON()
				got += string(rune('0'+e.UID)) + ":" + strings.Trim(string(mode), `"`)
			}
			if got != c.want {
				t.Errorf("fix is %q, want %q", got, c.want)
			}
			if got := tree.DirectoryFixes([]int{0, 0}, map[int]bool{0: true, 1: true}); len(got) > 0 {
				t.Errorf("fixes of packages in one rewritten layer: %v", got)
			}
		})
	}
}

func TestNamesWithADotAtTheRoot(t *testing.T) {
	tree, err := New([]*apkfacts.Facts{pkg("a", "", file(".dummy", ""), dir(".d", 0o755, 0), file(".d/f", ""), file("d/.kept", ""), dir(".", 0o700, 7))}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(tree.Hidden); got != "[.d .dummy]" {
		t.Errorf("hidden are %s, want .d .dummy", got)
	}
	if tree.Node(at(".dummy")) != nil || tree.Node(at("d/.kept")) == nil {
		t.Error("apk installs d/.kept and not .dummy")
	}
}

func TestResolve(t *testing.T) {
	tree, err := New([]*apkfacts.Facts{pkg("a", "", dir("usr/lib", 0o755, 0), symlink("lib", "usr/lib"), symlink("up", "../../usr"),
		symlink("abs", "/usr/lib"), symlink("loop", "loop2/x"), symlink("loop2", "/loop"), file("f", ""), symlink("usr/lib/last", "../../f"))}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"lib/x": "usr/lib/x", "/abs/x": "usr/lib/x", "up/lib/x": "usr/lib/x", "lib/../x": "usr/x", "new/dir": "new/dir",
		"lib/last": "usr/lib/last", "/": ".",
	} {
		if got, err := tree.ResolveName(in); got.String() != want || err != nil {
			t.Errorf("Resolve(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	if got, err := tree.ResolveAll(at("lib/last")); got != at("f") || err != nil {
		t.Errorf("ResolveAll(lib/last) = %q, %v, want f", got, err)
	}
	for in, want := range map[string]string{"loop/y": "in a circle", "f/x": "is a file"} {
		if _, err := tree.ResolveName(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Resolve(%q): error %v, want %q", in, err, want)
		}
	}
}

func TestMovedDirectories(t *testing.T) {
	link := pkg("link", "", dir("usr/lib", 0o755, 0), symlink("lib", "usr/lib"))
	deep := pkg("deep", "", dir("lib", 0o700, 3), dir("lib/x", 0o711, 4), file("lib/x/f", "F"))
	for _, order := range [][]*apkfacts.Facts{{link, deep}, {deep, link}} {
		tree, err := New(order, nil)
		if err != nil {
			t.Fatal(err)
		}
		if tree.Node(at("usr/lib/x/f")) == nil || tree.Node(at("lib/x/f")) != nil || tree.Node(at("lib")).IsDir() {
			t.Error("the file is not where the link leads")
		}
		if e, ok := tree.Directory(at("usr/lib")); !ok || e.Mode != 0o755 || e.UID != 0 {
			t.Errorf("usr/lib is %+v, want as its own package has it", e)
		}
		if e, ok := tree.Directory(at("usr/lib/x")); !ok || e.Mode != 0o711 || e.UID != 4 {
			t.Errorf("usr/lib/x is %+v, want as the package has it", e)
		}
	}
	clash := pkg("clash", "", file("usr/lib/x/f", "other"))
	if _, err := New([]*apkfacts.Facts{link, deep, clash}, nil); err == nil || !strings.Contains(err.Error(), "usr/lib/x/f") {
		t.Errorf("error is %v, want a conflict at the place where both files are", err)
	}
	loop := pkg("loop", "", symlink("lib", "lib64"), symlink("lib64", "lib"))
	if _, err := New([]*apkfacts.Facts{loop, deep, pkg("d64", "", dir("lib64", 0o755, 0))}, nil); err == nil || !strings.Contains(err.Error(), "in a circle") {
		t.Errorf("error is %v, want one about the loop", err)
	}
}

func TestExclusion(t *testing.T) {
	x, err := NewExclusion([]string{"/usr/share/man/**", "usr/share/locale/{de,fr}", "**/*.a", "etc/init.d"})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		"usr/share/man": false, "usr/share/man/man1": true, "usr/share/man/man1/a.1": true, "usr/share/manual": false,
		"usr/share/locale/de": true, "usr/share/locale/de/LC": true, "usr/share/locale/es": false,
		"etc/init.d": true, "etc/init.d/x": true, "etc/init": false,
		"usr/lib/libx.a": true, "libx.a": true, "libx.ab": false,
	} {
		if got := x.Matches(at(path)); got != want {
			t.Errorf("Matches(%q) = %v, want %v", path, got, want)
		}
	}
	for _, bad := range []string{"", "/", "a[", "{a"} {
		if _, err := NewExclusion([]string{bad}); err == nil {
			t.Errorf("NewExclusion(%q) takes it", bad)
		}
	}
}

func TestNormalised(t *testing.T) {
	got, conflicts, err := Normalised([]*apkfacts.Facts{
		pkg("first", "replaces:last", file("p", "A")),
		pkg("usr", "", dir("usr/lib", 0o755, 0), symlink("lib", "usr/lib")),
		pkg("deep", "", dir("lib", 0o755, 0)),
		pkg("last", "", file("p", "B"), file("q", "Q")),
		pkg("clash", "", file("q", "other"), dir("p", 0o755, 0)),
		pkg("plain", "", file("r", "R")),
		pkg("holes", "", apkfacts.Entry{Path: at("s"), Sparse: true}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(conflicts) != 1 || conflicts[0].Package != "clash" || conflicts[0].Path != at("q") {
		t.Errorf("conflicts %v, want one of clash, the first", conflicts)
	}
	if len(got) != 3 || !strings.Contains(got["holes"], "its s is a sparse file") || !strings.Contains(got["deep"], "lib is a symlink to usr/lib in package usr-1-r0") || !strings.Contains(got["last"], "its p is replaced") {
		t.Errorf("normalised are %q, want deep, last and holes", got)
	}
}
