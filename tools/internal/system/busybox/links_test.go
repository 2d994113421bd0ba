package busybox

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktree"
)

func file(path, content string) apkfacts.Entry {
	return apkfacts.Entry{Path: path, Mode: 0o755, Content: []byte(content)}
}

func TestLinks(t *testing.T) {
	link := func(path, target string) apkfacts.Entry {
		return apkfacts.Entry{Path: path, Type: apkfacts.Symlink, Link: target}
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
			[]apkfacts.Entry{{Path: "bin/busybox", Applets: []string{"bin/ls", "usr/bin/["}}, file("bin/ls", "")},
			"usr/bin/[ -> /bin/busybox",
		},
		"a list without its program": {[]apkfacts.Entry{file("etc/busybox-paths.d/other", "bin/ls\n")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tree, err := apktree.New([]*apkfacts.Facts{{Name: "p", Version: "1", Entries: c.entries}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, l := range Links(tree) {
				got = append(got, fmt.Sprintf("%s -> %s", l.Path, l.Target))
			}
			if s := strings.Join(got, ", "); s != c.want {
				t.Errorf("links are %s, want %s", s, c.want)
			}
		})
	}
}
