package busybox

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktree"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

func file(path, content string) apkfacts.Entry {
	return apkfacts.Entry{Path: imagepath.Must(path), Mode: 0o755, Content: []byte(content)}
}

func TestLinks(t *testing.T) {
	link := func(path, target string) apkfacts.Entry {
		return apkfacts.Entry{Path: imagepath.Must(path), Type: apkfacts.Symlink, Link: target}
	}
	for name, c := range map[string]struct {
		entries []apkfacts.Entry
		want    string
	}{
		"no busybox": {[]apkfacts.Entry{file("bin/ls", "")}, ""},
		"what packages have stays": {
			[]apkfacts.Entry{file("bin/busybox", ""), file("etc/busybox-paths.d/busybox", "bin/ls\nbin/cat\n/usr/bin/[\n\n"), file("bin/cat", "")},
			"bin/ls -> /bin/busybox, usr/bin/[ -> /bin/busybox",
		},
		"merged /usr": {
			[]apkfacts.Entry{file("usr/bin/busybox", ""), link("bin", "usr/bin"), file("etc/busybox-paths.d/busybox", "bin/ls\nusr/bin/ls\n")},
			"usr/bin/ls -> /usr/bin/busybox",
		},
		"suid applets and extras come first": {
			[]apkfacts.Entry{
				file("bin/busybox", ""), file("etc/busybox-paths.d/busybox", "bin/su\nusr/bin/both\n"),
				file("bin/busybox-extras", ""), file("etc/busybox-paths.d/busybox-extras", "usr/bin/both\n"),
				file("bin/bbsuid", ""), file("bin/mount", ""),
			},
			"bin/su -> /bin/bbsuid, bin/umount -> /bin/bbsuid, usr/bin/both -> /bin/busybox-extras, usr/bin/crontab -> /bin/bbsuid, " +
				"usr/bin/passwd -> /bin/bbsuid, usr/bin/traceroute -> /bin/bbsuid, usr/bin/traceroute6 -> /bin/bbsuid, usr/bin/vlock -> /bin/bbsuid",
		},
		"a program that knows its applets": {
			[]apkfacts.Entry{{Path: imagepath.Must("bin/busybox"), Applets: []imagepath.Path{imagepath.Must("bin/ls"), imagepath.Must("usr/bin/[")}}, file("bin/ls", "")},
			"usr/bin/[ -> /bin/busybox",
		},
		"a list without its program": {[]apkfacts.Entry{file("etc/busybox-paths.d/other", "bin/ls\n")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tree, err := apktree.New([]*apkfacts.Facts{{Name: "p", Version: "1", Entries: c.entries}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			applets, err := Read(tree)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, l := range applets.Links() {
				got = append(got, fmt.Sprintf("%s -> %s", l.Path, l.Target))
			}
			if s := strings.Join(got, ", "); s != c.want {
				t.Errorf("links are %s, want %s", s, c.want)
			}
		})
	}
}

// A line of a list becomes a path in the image: one that hides a file there, or lies outside, is refused.
func TestListsWithBadPaths(t *testing.T) {
	for line, want := range map[string]string{
		"etc/.wh.shadow": `path "etc/.wh.shadow" has a part that starts with ".wh."`, "..": `has the part ".."`, ".": `has the part "."`,
		"bin/../../x": `has the part ".."`, "bin/a\tb": "has the control character 0x09", "bin//x": "has an empty part", ".wh..wh..opq": `has a part that starts with ".wh."`,
	} {
		entries := []apkfacts.Entry{file("bin/busybox", ""), file("etc/busybox-paths.d/busybox", "bin/ls\n"+line+"\n")}
		tree, err := apktree.New([]*apkfacts.Facts{{Name: "p", Version: "1", Entries: entries}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Read(tree); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "package p-1: etc/busybox-paths.d/busybox: line 2: ") {
			t.Errorf("%q: %v, want %q with package, file and line", line, err, want)
		}
	}
}
