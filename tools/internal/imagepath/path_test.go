package imagepath_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

func TestParse(t *testing.T) {
	long := strings.Repeat("x", 255)
	for _, name := range []string{
		"usr", "usr/bin/hello", "a b", "...", "..a", "a.wh.b", ".whx", "etc/.pwd.lock", "usr/share/Főtanúsítvány.crt", "latin-\xe9",
		long, strings.Repeat("a/", 255) + "a", strings.Repeat(long+"/", 15) + long + "/"[:0],
	} {
		p, err := imagepath.Parse(name)
		if err != nil || p.String() != name || p.Absolute() != "/"+name {
			t.Errorf("%.40q: got %q, %v", name, p, err)
		}
	}
	for name, want := range map[string]string{
		"":                                 `path "" is empty`,
		"/usr":                             `path "/usr" is absolute`,
		"/":                                "is absolute",
		".":                                `has the part "."`,
		"./usr":                            `has the part "."`,
		"usr/.":                            `has the part "."`,
		"..":                               `has the part ".."`,
		"usr/../x":                         `has the part ".."`,
		"usr//bin":                         "has an empty part",
		"usr/":                             "has an empty part",
		"a\nR:b":                           "has the control character 0x0a",
		"a\x7fb":                           "has the control character 0x7f",
		"a\x00":                            "has the control character 0x00",
		"a\tb":                             "has the control character 0x09",
		".wh.x":                            `has a part that starts with ".wh."`,
		".wh..opq/":                        `has a part that starts with ".wh."`,
		".wh./x":                           `has a part that starts with ".wh."`,
		"a/.wh..wh..opq":                   `has a part that starts with ".wh."`,
		long + "x":                         "has a part of more than 255 bytes",
		strings.Repeat("a/", 256) + "a":    "has more than 256 parts",
		strings.Repeat(long+"/", 16) + "x": "is longer than 4096 bytes",
		strings.Repeat("x", 1<<20):         "is longer than 4096 bytes",
	} {
		p, err := imagepath.Parse(name)
		var e *imagepath.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) || len(err.Error()) > 800 {
			t.Errorf("%.40q: got %v, want an error with %q", name, err, want)
		}
		if p != (imagepath.Path{}) {
			t.Errorf("%.40q: got the path %q besides the error", name, p)
		}
	}
}

func TestFrom(t *testing.T) {
	for _, tt := range []struct {
		from       func(string) (imagepath.Path, error)
		name, want string
	}{
		{imagepath.ParseAbsolute, "/usr/bin", "usr/bin"},
		{imagepath.ParseAbsolute, "usr/bin", `error: path "usr/bin" is relative; want an absolute path`},
		{imagepath.ParseAbsolute, "//usr", `error: path "//usr" is absolute; want one relative to the root of the image`},
		{imagepath.ParseAbsolute, "/", `error: path "/" is empty; want one such as usr/bin/hello`},
		{imagepath.FromArchive, "usr/", "usr"},
		{imagepath.FromArchive, "usr", "usr"},
		{imagepath.FromArchive, "./", "."},
		{imagepath.FromArchive, ".", "."},
		{imagepath.FromArchive, "./usr", `error: path "./usr" has the part "."; want a path without`},
		{imagepath.FromArchive, "usr//", `error: path "usr//" has an empty part; want one slash between parts and none at the end`},
		{imagepath.FromArchive, "", `error: path "" is empty; want one such as usr/bin/hello`},
		{imagepath.FromArchive, "/", `error: path "/" is empty; want one such as usr/bin/hello`},
	} {
		p, err := tt.from(tt.name)
		got := p.String()
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func must(t *testing.T, name string) imagepath.Path {
	t.Helper()
	p, err := imagepath.FromArchive(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNavigation(t *testing.T) {
	root, usr, bin := must(t, "."), must(t, "usr"), must(t, "usr/bin")
	if bin.Parent() != usr || usr.Parent() != root || root.Parent() != root || !root.IsRoot() || usr.IsRoot() {
		t.Error("parents are wrong")
	}
	if bin.Base() != "bin" || usr.Base() != "usr" || root.Base() != "" || root.String() != "." || root.Absolute() != "/" {
		t.Error("names are wrong")
	}
	if rel, ok := bin.Rel(usr); !ok || rel.String() != "bin" {
		t.Errorf("bin in usr: got %s, %v", rel, ok)
	}
	if _, ok := usr.Rel(usr); ok || usr.In(bin) || !usr.In(usr) || !bin.In(root) || must(t, "usr2").In(usr) {
		t.Error("Rel and In are wrong")
	}
	if p, err := usr.Join("lib/x"); err != nil || p.String() != "usr/lib/x" {
		t.Errorf("join: %s, %v", p, err)
	}
	if p, err := root.Join("lib"); err != nil || p.String() != "lib" {
		t.Errorf("join: %s, %v", p, err)
	}
	for _, name := range []string{"..", "", ".wh.x", "/x", "x/../y"} {
		if p, err := usr.Join(name); err == nil {
			t.Errorf("join %q: got %s, want an error", name, p)
		}
	}
	for target, want := range map[string]string{
		"/etc": "etc", "lib": "usr/lib", "../lib": "lib", "../../../etc/x": "etc/x", "..": ".", ".": "usr", "/": ".", "a//./b/": "usr/a/b",
	} {
		if p, err := bin.Resolve(target); err != nil || p.String() != want {
			t.Errorf("resolve %q: got %s, %v, want %s", target, p, err, want)
		}
	}
	if p, err := bin.Resolve(".wh.x"); err == nil {
		t.Errorf("resolve a link to a whiteout: got %s", p)
	}
	paths := []imagepath.Path{must(t, "etc-b"), must(t, "etc/a"), root, must(t, "etc")}
	slices.SortFunc(paths, imagepath.Path.CompareParts)
	if paths[0] != root || paths[1].String() != "etc" || paths[2].String() != "etc/a" {
		t.Errorf("by parts: got %v", paths)
	}
	slices.SortFunc(paths, imagepath.Path.Compare)
	if paths[2].String() != "etc-b" {
		t.Errorf("by text: got %v", paths)
	}
}

func TestFromLayer(t *testing.T) {
	for _, tt := range []struct {
		name, path string
		kind       imagepath.Kind
	}{
		{"usr/bin/x", "usr/bin/x", imagepath.Present},
		{"./usr/", "usr", imagepath.Present},
		{"/usr", "usr", imagepath.Present},
		{"./", ".", imagepath.Present},
		{"/", ".", imagepath.Present},
		{".wh.x", "x", imagepath.Removed},
		{"./usr/.wh.x", "usr/x", imagepath.Removed},
		{"usr/.wh..wh..opq", "usr", imagepath.Opaque},
		{".wh..wh..opq", ".", imagepath.Opaque},
		{".wh..wh.plnk", ".", imagepath.Ignored},
		{"usr/.wh..x", "usr/.x", imagepath.Removed},
	} {
		p, kind, err := imagepath.FromLayer(tt.name)
		if err != nil || p.String() != tt.path || kind != tt.kind {
			t.Errorf("%s: got %s, %d, %v, want %s, %d", tt.name, p, kind, err, tt.path, tt.kind)
		}
	}
	for _, name := range []string{"", "../x", "usr/../../x", ".wh.", ".wh..", ".wh...", "usr/.wh...", "usr/.wh..", ".wh.x/y", "../.wh.x", "a//.wh.x", ".wh..wh..opq/x", "a\n"} {
		if p, kind, err := imagepath.FromLayer(name); err == nil {
			t.Errorf("%q: got %s, %d, want an error", name, p, kind)
		}
	}
	for _, name := range []string{"x", "usr/.x", "usr/bin/x"} {
		p := must(t, name)
		if got, kind, err := imagepath.FromLayer(p.Removal()); err != nil || got != p || kind != imagepath.Removed {
			t.Errorf("%s removed by %s: got %s, %d, %v", p, p.Removal(), got, kind, err)
		}
	}
}

func TestJSON(t *testing.T) {
	for name, want := range map[string]string{"usr/<b>": `"usr/<b>"`, ".": `"."`, "latin-\xe9": `{"base64":"bGF0aW4t6Q=="}`} {
		p := must(t, name)
		data, err := p.MarshalJSON()
		if err != nil || string(data) != want {
			t.Errorf("%q: got %s, %v, want %s", name, data, err, want)
		}
		var back imagepath.Path
		if err := json.Unmarshal(data, &back); err != nil || back != p {
			t.Errorf("%q: read back %q, %v", name, back, err)
		}
	}
	for _, data := range []string{`"../x"`, `""`, `"a\nb"`, `{}`, `{"base64":"Lndo"}x`, `{"base64":"Li4="}`, `1`} {
		var p imagepath.Path
		if err := json.Unmarshal([]byte(data), &p); err == nil {
			t.Errorf("%s: got %s, want an error", data, p)
		}
	}
}

// What every user of a Path relies on, whatever the name.
func FuzzPath(f *testing.F) {
	for _, name := range []string{"usr/bin/x", "./", "/usr/", ".wh.x", "a/.wh..wh..opq", "..", "a\nb", ".wh...", "latin-\xe9", "a//b", strings.Repeat("a/", 300)} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		for _, from := range []func(string) (imagepath.Path, error){
			imagepath.Parse, imagepath.ParseAbsolute, imagepath.FromArchive,
			func(s string) (imagepath.Path, error) { p, _, err := imagepath.FromLayer(s); return p, err },
			func(s string) (imagepath.Path, error) { p, _ := imagepath.Parse("usr/bin"); return p.Join(s) },
			func(s string) (imagepath.Path, error) { p, _ := imagepath.Parse("usr/bin"); return p.Resolve(s) },
		} {
			p, err := from(name)
			if err != nil {
				continue
			}
			s := p.String()
			if path.Clean(s) != s || path.IsAbs(s) || strings.HasPrefix(s, "..") && (s == ".." || s[2] == '/') || len(s) > imagepath.MaxPath {
				t.Fatalf("%q became %q", name, s)
			}
			if strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f }) || strings.Contains("/"+s, "/.wh.") {
				t.Fatalf("%q became %q", name, s)
			}
			if strings.ToValidUTF8(s, "") == s && !fs.ValidPath(s) {
				t.Fatalf("%q became %q, which is no path to io/fs", name, s)
			}
			data, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			var back imagepath.Path
			if err := json.Unmarshal(data, &back); err != nil || back != p {
				t.Fatalf("%q: JSON %s: %q, %v", s, data, back, err)
			}
			if up := p.Parent(); !p.In(up) || !p.IsRoot() && up == p {
				t.Fatalf("%q has the parent %q", s, up)
			}
		}
	})
}
