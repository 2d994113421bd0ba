package apkdb

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktree"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// What is written of one package is read as one package, of that name, with those files, whatever it says of itself.
func FuzzInstalled(f *testing.F) {
	f.Add("a description", "https://a", "x", "usr/bin/a", "Q1a")
	f.Add("a\nP:openssl", "", "\r", "usr/x\n\nP:y", "Q1\n")
	f.Add("\tx", "\x00", "o\x7f", "a/b/c/d", "")
	f.Fuzz(func(t *testing.T, description, url, origin, path, checksum string) {
		at, err := imagepath.Parse(path)
		if err != nil || strings.HasPrefix(path, ".") {
			return
		}
		p := &apkfacts.Facts{Name: "p", Version: "1-r0", Checksum: "Q1p", Info: apkfacts.Info{
			{Key: "pkgname", Value: "p"}, {Key: "pkgver", Value: "1-r0"}, {Key: "pkgdesc", Value: description}, {Key: "url", Value: url},
			{Key: "origin", Value: origin}, {Key: "replaces", Value: url}, {Key: "commit", Value: description},
		}, Entries: []apkfacts.Entry{{Path: at, Mode: 0o600, Checksum: checksum}}}
		tree, err := apktree.New([]*apkfacts.Facts{p}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := WriteInstalled(&out, tree.Packages, "x86_64"); err != nil {
			return
		}
		count := map[string]int{}
		for line := range strings.Lines(out.String()) {
			key, _, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
			if ok && len(key) != 1 {
				t.Fatalf("line %q", line)
			}
			count[key]++
		}
		if count["P"] != 1 || count["C"] != 1 || count["R"] != 1 || count["F"] != 1 || count[""] != 1 {
			t.Fatalf("%v in\n%s", count, out.String())
		}
		if want := "R:" + at.Base() + "\n"; !strings.Contains(out.String(), want) {
			t.Fatalf("no %q in\n%s", want, out.String())
		}
	})
}
