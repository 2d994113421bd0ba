package busybox

import (
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktree"
)

// A list gives links at paths that an image may have and no package has, each once.
func FuzzLinks(f *testing.F) {
	for _, list := range []string{"bin/ls\nbin/cat\n/usr/bin/[\n\n", "etc/.wh.shadow", "..", "lib/x\nusr/lib/x", "l/x", "bin/a\r\n", "loop/x"} {
		f.Add(list, "usr/lib")
	}
	f.Add("l/x", ".wh.etc")
	f.Add("l/x", "/../..//.")
	f.Fuzz(func(t *testing.T, list, target string) {
		link := apkfacts.Entry{Path: file("l", "").Path, Type: apkfacts.Symlink, Link: target}
		loop := apkfacts.Entry{Path: file("loop", "").Path, Type: apkfacts.Symlink, Link: "loop"}
		entries := []apkfacts.Entry{file("bin/busybox", ""), file("etc/busybox-paths.d/busybox", list), link, loop}
		tree, err := apktree.New([]*apkfacts.Facts{{Name: "p", Version: "1", Entries: entries}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		applets, err := Read(tree)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, l := range applets.Links() {
			p := l.Path.String()
			if seen[p] || tree.Node(l.Path) != nil || strings.Contains("/"+p, "/.wh.") || strings.ContainsAny(p, "\n\x00") {
				t.Fatalf("link at %q", p)
			}
			seen[p] = true
		}
	})
}
