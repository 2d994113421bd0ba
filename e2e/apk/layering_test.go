package apk

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/filetree"
	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/realapk"
)

// However packages are put into layers, the system is the same.
func TestLayering(t *testing.T) {
	b := newBench(t)
	world := []string{"alpine-base", "chrony", "openssh", "openntpd"}
	packages := b.apk.Install(t, "/real", []string{"/repo/alpine"}, world...)
	var names []string
	for _, p := range packages {
		names = append(names, name(p))
	}
	var some [][]string
	for _, n := range names[:10] {
		some = append(some, []string{n})
	}
	normalised := map[string]string{}
	for _, n := range names {
		normalised[n] = "for a test"
	}
	for _, c := range []struct {
		name string
		spec map[string]any
	}{
		{"single", map[string]any{"layers": [][]string{names}}},
		{"budget", map[string]any{"layers": append(some, names[10:])}},
		{"normalised", map[string]any{"normalised": normalised}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.spec["world"] = world
			i := b.image(t, c.name, c.spec, packages, "/repo/alpine")
			b.same(t, i.root, "/real")
		})
	}
	t.Run("exclude", func(t *testing.T) {
		patterns := []string{"usr/share/**", "etc/init.d"}
		i := b.image(t, "exclude", map[string]any{"world": world, "exclude": patterns, "normalised": normalised}, packages, "/repo/alpine")
		tree := filetree.Read(t, filepath.Join(b.apk.Root, i.root))
		for path := range filetree.Read(t, filepath.Join(b.apk.Root, "real")) {
			_, there := tree[path]
			gone := strings.HasPrefix(path, "usr/share/") || path == "etc/init.d" || strings.HasPrefix(path, "etc/init.d/")
			if there == gone && !strings.HasPrefix(path, "dev/") && path != "var/cache/apk" {
				t.Errorf("%s is in the image: %v, excluded: %v", path, there, gone)
			}
		}
		if out := b.apk.Run(t, "audit", "--root", i.root, "--system"); out != "" {
			t.Errorf("apk audit --system prints:\n%s", out)
		}
	})
}

// The links of the system layer are those that busybox's own scripts make.
func TestBusyboxLinks(t *testing.T) {
	b := newBench(t)
	packages := b.apk.Install(t, "/real", []string{"/repo/alpine"}, "alpine-base")
	i := b.image(t, "ours", map[string]any{"world": []string{"alpine-base"}}, packages, "/repo/alpine")
	b.apk.Run(t, append([]string{"fix", "--reinstall"}, append(realapk.Flags("/real", "/repo/alpine"), "busybox", "busybox-suid")...)...)
	got, want := links(t, filepath.Join(b.apk.Root, i.root)), links(t, filepath.Join(b.apk.Root, "real"))
	if len(want) < 300 {
		t.Errorf("apk's root has %d links: busybox's scripts did not run", len(want))
	}
	for _, d := range filetree.Diff(got, want, func(_, _, _ string) bool { return false }) {
		t.Error(d)
	}
}

// Whatever a package can ship arrives as apk installs it.
func TestNothingIsLost(t *testing.T) {
	b := newBench(t)
	repository := filepath.Join(b.dir, "repository")
	content := filepath.Join(b.dir, "content")
	if err := os.WriteFile(content, []byte("content\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	capability := base64.StdEncoding.EncodeToString([]byte("\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	long := "/usr/share/" + strings.Repeat("a-long-name/", 15) + "file"
	a := b.pkg(t, content, `{"name":"a","version":"1-r0","arch":"noarch","build_time":1700000000}`,
		`{"path":"/bin/suid","mode":"6755"}`, "",
		`{"path":"/bin/cap","mode":"0755","xattrs":{"security.capability":"`+capability+`","user.b":"Yg==","user.a":"YQ=="}}`, "",
		`{"path":"/bin/owned","mode":"0640","uid":1234,"gid":5678,"uname":"nobody-known","gname":"nobody-known"}`, "",
		`{"path":"`+long+`"}`, "",
		`{"path":"/bin/ünïcode name"}`, "",
		`{"path":"/var/sticky","mode":"1777"}`,
		`{"path":"/var/setgid","mode":"2750","uid":7,"gid":8}`,
		`{"path":"/rootfile"}`, "",
		`{"path":"/bin/link","link":"../nowhere"}`,
		`{"path":"/var/shared","mode":"0700","uid":3}`,
		`{"path":"/etc/taken"}`, "")
	c := b.pkg(t, content, `{"name":"c","version":"1-r0","arch":"noarch","depends":["a"],"replaces":["a"],"build_time":1700000001}`,
		`{"path":"/etc/taken","mode":"0600"}`, "",
		`{"path":"/var/shared","mode":"0711","uid":4}`)
	program.Run(t, b.ocibuild, "repository", "--arch="+realapk.Arch, "--apk="+a, "--apk="+c, "--repository-out="+repository)
	b.apk.AddRepository(t, "mine", repository)
	packages := b.apk.Install(t, "/real", []string{"/repo/mine"}, "c")
	if !slices.Equal(packages, []string{"a-1-r0", "c-1-r0"}) {
		t.Fatalf("apk installed %q", packages)
	}
	for name, spec := range map[string]map[string]any{
		"layers": {},
		"merged": {"layers": [][]string{{"a", "c"}}},
	} {
		t.Run(name, func(t *testing.T) {
			spec["world"] = []string{"c"}
			i := b.image(t, name, spec, packages, "/repo/mine")
			b.same(t, i.root, "/real")
			tree := filetree.Read(t, filepath.Join(b.apk.Root, i.root))
			for path, want := range map[string]string{
				"bin/suid": "ugrwxr-xr-x 0:0", "bin/owned": "-rw-r----- 1234:5678", "var/sticky": "dtrwxrwxrwx 0:0", "var/shared": "drwx------ 3:0",
				"etc/taken": "-rw------- 0:0", "bin/link": "Lrwxrwxrwx 0:0 -> ../nowhere",
			} {
				if !strings.HasPrefix(tree[path], want) {
					t.Errorf("%s is %s, want %s", path, tree[path], want)
				}
			}
			if !strings.Contains(tree["bin/cap"], "security.capability=01000002") || !strings.Contains(tree["bin/cap"], "user.a=61 user.b=62") {
				t.Errorf("bin/cap is %s, want its attributes", tree["bin/cap"])
			}
		})
	}
}

// pkg makes a package; each entry is followed by "" if it is a file.
func (b *bench) pkg(t *testing.T, content, spec string, entries ...string) string {
	t.Helper()
	var named struct{ Name, Version string }
	if err := json.Unmarshal([]byte(spec), &named); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(b.dir, named.Name+"-"+named.Version+".apk")
	args := []string{"package", "--package-spec=" + spec, "--apk-out=" + out}
	for _, e := range entries {
		if e == "" {
			args = append(args, "--file="+content)
			continue
		}
		args = append(args, "--entry="+e)
	}
	program.Run(t, b.ocibuild, args...)
	return out
}
