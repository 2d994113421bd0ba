package entries

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// write makes files below a new folder: "name" or "name=content", "name -> target" a link, "name/" a folder.
func write(t testing.TB, names ...string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		name, target, isLink := strings.Cut(name, " -> ")
		name, content, ok := strings.Cut(name, "=")
		if !ok {
			content = name
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		switch {
		case isLink:
			err = os.Symlink(target, path)
		case strings.HasSuffix(name, "/"):
			err = os.Mkdir(path, 0o755)
		default:
			err = os.WriteFile(path, []byte(content), 0o440)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// declare makes a list of flags as rules give them.
func declare(t testing.TB, flags ...string) (*List, error) {
	t.Helper()
	l := &List{}
	methods := map[string]func(string) error{
		"entry": func(value string) error { return l.Add([]byte(value)) },
		"file":  l.File, "output": l.Output, "symlink": l.Symlink, "tree": l.Tree, "in-tree": l.InTree,
	}
	for _, flag := range flags {
		name, value, _ := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
		if err := methods[name](value); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// read returns a line for each file of what flags declare.
func read(t testing.TB, flags ...string) ([]string, error) {
	t.Helper()
	l, err := declare(t, flags...)
	if err != nil {
		return nil, err
	}
	files, err := l.Files()
	if err != nil {
		return nil, err
	}
	if err := Share(files); err != nil {
		return nil, err
	}
	var lines []string
	for i := range files {
		h := files[i].Header()
		line := fmt.Sprintf("%s %04o %d:%d:%s:%s", h.Name, h.Mode, h.Uid, h.Gid, h.Uname, h.Gname)
		if h.Linkname != "" {
			line += map[byte]string{tar.TypeSymlink: " -> ", tar.TypeLink: " = "}[h.Typeflag] + h.Linkname
		}
		if h.Typeflag == tar.TypeReg {
			content, err := files[i].Open()
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(content)
			if err != nil || int64(len(data)) != h.Size {
				t.Fatalf("%s: %v, got %d bytes, want %d", h.Name, err, len(data), h.Size)
			}
			content.Close()
			line += " " + string(data[:min(len(data), 40)])
		}
		if len(h.PAXRecords) > 0 {
			line += fmt.Sprint(" ", h.PAXRecords)
		}
		lines = append(lines, line)
	}
	return lines, nil
}

func entry(path, rest string) string {
	name, err := json.Marshal(path)
	if err != nil {
		panic(err)
	}
	return `--entry={"path":` + string(name) + rest + `}`
}

func check(t *testing.T, want []string, flags ...string) {
	t.Helper()
	got, err := read(t, flags...)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v\n%s\nwant\n%s", err, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestFiles(t *testing.T) {
	t.Chdir(write(t, "program", "bazel-out/cfg/bin/tree/bin/run", "bazel-out/cfg/bin/tree/data.txt", "bazel-out/cfg/bin/tree/empty/"))
	const tree = "bazel-out/cfg/bin/tree"
	groups := [][]string{
		{entry("/usr/share/tree", `,"uid":5,"gid":6`), "--tree=" + tree, "--in-tree=" + tree + "/bin/run", "--in-tree=" + tree + "/data.txt"},
		{entry("/usr/bin/program", `,"mode":"4755","xattrs":{"user.a":"YQ=="}`), "--file=program"},
		{entry("/etc/plain", ""), "--file=program"},
		{entry("/a", `,"link":"usr/bin/program"`)},
		{entry("/var/lib/app", `,"mode":"0700","uid":1`)},
	}
	want := []string{
		"a 0777 0:0:root:root -> usr/bin/program",
		"etc/plain 0644 0:0:root:root program",
		"usr/bin/program 4755 0:0:root:root program map[SCHILY.xattr.user.a:a]",
		"usr/share/tree/ 0755 5:6::",
		"usr/share/tree/bin/ 0755 5:6::",
		"usr/share/tree/bin/run 0755 5:6:: bazel-out/cfg/bin/tree/bin/run",
		"usr/share/tree/data.txt 0755 5:6:: bazel-out/cfg/bin/tree/data.txt",
		"var/lib/app/ 0700 1:0::root",
	}
	check(t, want, slices.Concat(groups...)...)
	slices.Reverse(groups)
	check(t, want, slices.Concat(groups...)...)
}

// What Bazel lists of a tree is the same wherever an action runs; what the folder holds is not: in a sandbox, and on a
// remote machine, links are expanded.
func TestTreeIsTheSameEverywhere(t *testing.T) {
	const name = "bazel-out/k8-fastbuild/bin/t"
	listed := []string{"cur/one", "one", "real/one"}
	want := []string{"x/ 0755 0:0:root:root", "x/cur/ 0755 0:0:root:root", "x/cur/one 0755 0:0:root:root 1", "x/one 0755 0:0:root:root 1",
		"x/real/ 0755 0:0:root:root", "x/real/one 0755 0:0:root:root 1"}
	local := write(t, name+"/real/one=1", name+"/cur -> real", name+"/one -> real/one", name+"/empty/")
	var mirrored, stripped, copied []string
	for _, file := range listed {
		target := filepath.Join(local, name, file)
		mirrored = append(mirrored, name+"/"+file+" -> "+target)
		stripped = append(stripped, "bazel-out/cfg/bin/t/"+file+" -> "+target)
		copied = append(copied, name+"/"+file+"=1")
	}
	for strategy, run := range map[string]struct{ dir, root string }{
		"local":       {local, name},
		"sandboxed":   {write(t, mirrored...), name},
		"path mapped": {write(t, stripped...), "bazel-out/cfg/bin/t"},
		"remote":      {write(t, copied...), name},
	} {
		t.Run(strategy, func(t *testing.T) {
			t.Chdir(run.dir)
			flags := []string{entry("/x", ""), "--tree=" + run.root}
			for _, file := range listed {
				flags = append(flags, "--in-tree="+run.root+"/"+file)
			}
			check(t, want, flags...)
		})
	}
}

// A link in a tree that leads out of the build would put a file of the building machine into the image.
func TestTreeIsNotLeft(t *testing.T) {
	canary := write(t, "secret=canary") + "/secret"
	const name = "bazel-out/k8-fastbuild/bin/t"
	local := write(t, name+"/abs -> "+canary, name+"/up -> "+strings.Repeat("../", 30)+canary[1:], "source=canary", name+"/src -> ../../../../source")
	sandbox := write(t, name+"/abs -> "+filepath.Join(local, name, "abs"), name+"/up -> "+filepath.Join(local, name, "up"), name+"/src -> "+filepath.Join(local, name, "src"))
	folder := write(t, "static/abs -> "+canary)
	for _, flags := range [][]string{
		{local, "--tree=" + name, "--in-tree=" + name + "/abs"},
		{local, "--tree=" + name, "--in-tree=" + name + "/up"},
		{local, "--tree=" + name, "--in-tree=" + name + "/src"},
		{sandbox, "--tree=" + name, "--in-tree=" + name + "/abs"},
		{sandbox, "--tree=" + name, "--in-tree=" + name + "/up"},
		{sandbox, "--tree=" + name, "--in-tree=" + name + "/src"},
		{folder, "--file=static"},
	} {
		t.Chdir(flags[0])
		if got, err := read(t, append([]string{entry("/x", "")}, flags[1:]...)...); err == nil || !strings.Contains(err.Error(), ", which is no output of the build; want files, and links to files of the same tree") {
			t.Errorf("%s: got %v, %q", flags, err, got)
		}
	}
}

// A symbolic link that is declared as one stays one, and nobody looks where it leads; what Bazel puts in place of a
// file does not.
func TestOutput(t *testing.T) {
	canary := write(t, "secret=canary") + "/secret"
	const out = "bazel-out/k8-fastbuild/bin/"
	source := write(t, "pkg/own.txt=own")
	local := write(t, out+"abs -> "+canary, out+"none -> nowhere", out+"up -> ../../../real", out+"made=made",
		"pkg -> "+filepath.Join(source, "pkg"), out+"own -> "+filepath.Join(source, "pkg/own.txt"), out+"zoo -> /usr/share/zoneinfo/UTC")
	sandbox := write(t, out+"made -> "+filepath.Join(local, out+"made"), out+"own -> "+filepath.Join(local, out+"own"),
		"bazel-out/cfg/bin/made -> "+filepath.Join(local, out+"made"))
	const like = "x 0777 0:0:root:root -> "
	for _, c := range []struct{ dir, flag, want string }{
		{local, "output=" + out + "abs", like + canary},
		{local, "output=" + out + "zoo", like + "/usr/share/zoneinfo/UTC"},
		{local, "symlink=" + out + "abs", like + canary},
		{local, "output=" + out + "none", like + "nowhere"},
		{local, "output=" + out + "up", like + "../../../real"},
		{local, "output=" + out + "made", "x 0644 0:0:root:root made"},
		{local, "output=" + out + "own", "x 0644 0:0:root:root own"},
		{sandbox, "output=" + out + "made", "x 0644 0:0:root:root made"},
		{sandbox, "output=" + out + "own", "x 0644 0:0:root:root own"},
		{sandbox, "output=bazel-out/cfg/bin/made", "x 0644 0:0:root:root made"},
		{sandbox, "file=" + out + "own", "x 0644 0:0:root:root own"},
	} {
		t.Chdir(c.dir)
		check(t, []string{c.want}, entry("/x", ""), "--"+c.flag)
	}
}

func TestFolderOfSources(t *testing.T) {
	dir := write(t, "static/a=1", "static/b -> a", "static/sub/c=2", "circle/d -> .")
	t.Chdir(dir)
	check(t, []string{"s/ 0755 0:0:root:root", "s/a 0755 0:0:root:root 1", "s/b 0755 0:0:root:root 1", "s/sub/ 0755 0:0:root:root",
		"s/sub/c 0755 0:0:root:root 2"}, entry("/s", ""), "--file=static")
	if _, err := read(t, entry("/s", ""), "--file=circle"); err == nil || !strings.Contains(err.Error(), "circle/d is a link to a folder") {
		t.Errorf("got %v", err)
	}
}

// One interpreter of three names is one file, whatever way the machine has to give a file three names.
func TestShare(t *testing.T) {
	content := strings.Repeat("python ", 1000)
	other := strings.Repeat("Python ", 1000)
	links := write(t, "python3.11="+content, "python3 -> python3.11", "python -> python3.11", "other="+other, "small=s", "tiny=s")
	copies := write(t, "python3.11="+content, "python3="+content, "python="+content, "other="+other, "small=s", "tiny=s")
	short := content[:40]
	want := []string{
		"bin/mode 0700 0:0:root:root " + short,
		"bin/mode2 0700 0:0:root:root = bin/mode",
		"bin/other 0755 0:0:root:root " + other[:40],
		"bin/owned 0755 7:0::root " + short,
		"bin/owned2 0755 7:0::root " + short,
		"bin/python 0755 0:0:root:root " + short,
		"bin/python3 0755 0:0:root:root = bin/python",
		"bin/python3.11 0755 0:0:root:root = bin/python",
		"bin/small 0755 0:0:root:root s",
		"bin/tiny 0755 0:0:root:root s",
	}
	for _, dir := range []string{links, copies} {
		t.Chdir(dir)
		var flags []string
		for _, name := range []string{"tiny", "small", "other", "python3.11", "python3", "python"} {
			flags = append(flags, entry("/bin/"+name, `,"mode":"0755"`), "--file="+name)
		}
		for name, rest := range map[string]string{"mode": `,"mode":"0700"`, "mode2": `,"mode":"0700"`, "owned": `,"mode":"0755","uid":7`, "owned2": `,"mode":"0755","uid":7`} {
			flags = append(flags, entry("/bin/"+name, rest), "--file=python3")
		}
		check(t, want, flags...)
	}
}

func TestErrors(t *testing.T) {
	t.Chdir(write(t, "f", "t/f"))
	for want, flags := range map[string][]string{
		`two entries have the path /a, want one`:                                                                                      {entry("/a", ""), "--file=f", entry("/a", `,"link":"b"`)},
		`two entries have the path /t/f, want one`:                                                                                    {entry("/t", ""), "--tree=t", "--in-tree=t/f", entry("/t/f", ""), "--file=f"},
		`/x/y lies below /x, which is a file; want a directory there, or another path`:                                                {entry("/x", ""), "--file=f", entry("/x/y", ""), "--file=f"},
		`/x/y/z lies below /x, which is a file; want a directory there, or another path`:                                              {entry("/x", ""), "--file=f", entry("/x-y", ""), entry("/x/y/z", "")},
		`/l/y lies below /l, which is a symbolic link; want a directory there, or another path`:                                       {entry("/l", `,"link":"b"`), entry("/l/y", ""), "--file=f"},
		`/a: mode is "9", want octal digits up to 7777`:                                                                               {entry("/a", `,"mode":"9"`), "--file=f"},
		`/a: stat none: no such file or directory`:                                                                                    {entry("/a", ""), "--file=none"},
		`/a: f is not in the tree t`:                                                                                                  {entry("/a", ""), "--tree=t", "--in-tree=f"},
		`/a: readlink f: invalid argument`:                                                                                            {entry("/a", ""), "--symlink=f"},
		`entry /a: link is to "", want a path such as ../lib/hello`:                                                                   {entry("/a", `,"link":""`)},
		`entry /a: link is to "a\nb", want a path without control characters`:                                                         {entry("/a", `,"link":"a\nb"`)},
		`entry /a: owner is -1:0, want none below zero`:                                                                               {entry("/a", `,"uid":-1`)},
		`entry /a: attribute is "a", want a name such as security.capability`:                                                         {entry("/a", `,"xattrs":{"a":""}`)},
		`entry: json: unknown field "colour"`:                                                                                         {entry("/a", `,"colour":"red"`)},
		`entry: path "/" is empty; want one such as usr/bin/hello`:                                                                    {entry("/", "")},
		`entry: path "a" is relative; want an absolute path`:                                                                          {entry("a", "")},
		`entry: path "/a/../b" has the part ".."; want a path without`:                                                                {entry("/a/../b", "")},
		`entry: path "/a//b" has an empty part; want one slash between parts and none at the end`:                                     {entry("/a//b", "")},
		`entry: path "/a\nb" has the control character 0x0a; want a name without`:                                                     {entry("/a\nb", "")},
		`entry: path "/.wh.a" has a part that starts with ".wh.", which in a layer says that something is removed; want another name`: {entry("/.wh.a", "")},
		`want one --entry without link before each --file`:                                                                            {"--file=f"},
		`want one --entry without link before each --output`:                                                                          {entry("/a", `,"link":"b"`), "--output=f"},
		`want one --tree before each --in-tree`:                                                                                       {entry("/a", ""), "--in-tree=f"},
	} {
		if _, err := read(t, flags...); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// A hundred thousand entries take no more than ten times what ten thousand take, and some.
func BenchmarkFiles(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				l := &List{}
				for i := range n {
					if err := l.Add(fmt.Appendf(nil, `{"path":"/usr/share/a/b/%d/%d"}`, i%100, i)); err != nil {
						b.Fatal(err)
					}
				}
				if _, err := l.Files(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Whatever a list declares, the files have clean and different paths, and none lies below what is no directory.
func FuzzFiles(f *testing.F) {
	f.Add(`{"path":"/a"}`, `{"path":"/a/b","link":"c"}`, true)
	f.Add(`{"path":"/a","mode":"4755","uid":5,"xattrs":{"user.a":"YQ=="}}`, `{"path":"/b","gname":"x"}`, false)
	f.Add(`{"path":"/a//b"}`, `{"path":"/../b"}`, false)
	dir := write(f, "f")
	f.Fuzz(func(t *testing.T, one, two string, withFile bool) {
		l := &List{}
		if l.Add([]byte(one)) != nil {
			return
		}
		if withFile {
			_ = l.File(filepath.Join(dir, "f"))
		}
		_ = l.Add([]byte(two))
		files, err := l.Files()
		if err != nil {
			return
		}
		seen := map[string]byte{}
		w := tar.NewWriter(io.Discard)
		for i := range files {
			h := files[i].Header()
			name := strings.TrimSuffix(h.Name, "/")
			if _, twice := seen[name]; twice || name != filepath.Clean(name) || strings.HasPrefix(name, "/") || name == ".." || strings.HasPrefix(name, "../") {
				t.Errorf("path is %q", h.Name)
			}
			seen[name] = h.Typeflag
			for above := filepath.Dir(name); above != "."; above = filepath.Dir(above) {
				if kind, ok := seen[above]; ok && kind != tar.TypeDir {
					t.Errorf("%s lies below %s", name, above)
				}
			}
			if err := w.WriteHeader(h); err != nil {
				t.Errorf("%q cannot be written: %v", h.Name, err)
			}
			h.Size = 0
			if _, err := io.CopyN(w, strings.NewReader("f"), min(1, files[i].Size)); err != nil {
				t.Error(err)
			}
		}
	})
}
