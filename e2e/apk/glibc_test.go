package apk

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/realapk"
)

// A program of Debian's, with Debian's glibc in a folder that only etc/ld.so.conf names, starts without
// LD_LIBRARY_PATH: the dynamic linker finds its libraries through the cache that no ldconfig has made.
func TestLibraryCache(t *testing.T) {
	b := newBench(t)
	const linker = "/lib64/ld-linux-x86-64.so.2"
	programs := []string{"/usr/bin/expr", "/usr/bin/sort"}
	for _, p := range append(programs, linker, "/sbin/ldconfig", "/usr/bin/ldd") {
		if _, err := os.Stat(p); err != nil {
			t.Skipf("SKIPPED: no glibc for x86_64 here: %v", err)
		}
	}
	conf := filepath.Join(b.dir, "ld.so.conf")
	if err := os.WriteFile(conf, []byte("# comment\ninclude /etc/ld.so.conf.d/*.conf\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	local := filepath.Join(b.dir, "local.conf")
	if err := os.WriteFile(local, []byte("/opt/libraries\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"package", `--package-spec={"name":"debian","version":"1-r0","arch":"x86_64"}`, "--apk-out=" + filepath.Join(b.dir, "debian-1-r0.apk")}
	add := func(path, mode, file string) {
		args = append(args, `--entry={"path":"`+path+`","mode":"`+mode+`"}`, "--file="+file)
	}
	add(linker, "0755", linker)
	add("/etc/ld.so.conf", "0644", conf)
	add("/etc/ld.so.conf.d/local.conf", "0644", local)
	seen := map[string]bool{}
	for _, p := range programs {
		add(p, "0755", p)
		for _, m := range regexp.MustCompile(`=> (/\S+)`).FindAllStringSubmatch(program.Run(t, "/usr/bin/ldd", p), -1) {
			if name := filepath.Base(m[1]); !seen[name] {
				seen[name] = true
				// Under another name than its soname, as distributions do: the link is ldconfig's to make.
				add("/opt/libraries/"+strings.Replace(name, ".so", "-1.so", 1), "0755", m[1])
			}
		}
	}
	if !seen["libc.so.6"] {
		t.Fatalf("ldd shows only %v", seen)
	}
	program.Run(t, b.ocibuild, args...)
	repository := filepath.Join(b.dir, "repository")
	program.Run(t, b.ocibuild, "repository", "--arch="+realapk.Arch, "--apk="+filepath.Join(b.dir, "debian-1-r0.apk"), "--repository-out="+repository)
	b.apk.AddRepository(t, "debian", repository)
	i := b.image(t, "glibc", map[string]any{"world": []string{"debian"}}, []string{"debian-1-r0"}, "/repo/debian")

	root := filepath.Join(b.apk.Root, i.root)
	if got := strings.TrimSpace(program.Run(t, "chroot", root, "/usr/bin/expr", "20", "+", "22")); got != "42" {
		t.Errorf("expr says %q, want 42", got)
	}
	program.Run(t, "chroot", root, "/usr/bin/sort", "/etc/ld.so.conf")

	ours := listing(t, filepath.Join(root, "etc/ld.so.cache"))
	theirs := filepath.Join(root, "theirs.cache")
	program.Run(t, "/sbin/ldconfig", "-r", root, "-C", "/theirs.cache", "-f", "/etc/ld.so.conf")
	want := listing(t, theirs)
	// Which folders are the system's is built into ldconfig: Debian's has no /lib64.
	ours = slices.DeleteFunc(ours, func(line string) bool { return strings.Contains(line, "=> /lib64/") })
	if !slices.Equal(ours, want) {
		t.Errorf("the cache has\n%s\nldconfig's has\n%s", strings.Join(ours, "\n"), strings.Join(want, "\n"))
	}
}

// listing is what the host's ldconfig reads in a cache.
func listing(t *testing.T, cache string) []string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(program.Run(t, "/sbin/ldconfig", "-p", "-C", cache)) {
		if strings.Contains(line, "=>") {
			// Which kernel an object needs is a note that newer versions of glibc ignore.
			line = regexp.MustCompile(`, OS ABI: [^)]*`).ReplaceAllString(line, "")
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	if len(lines) == 0 {
		t.Errorf("%s lists nothing", cache)
	}
	return lines
}
