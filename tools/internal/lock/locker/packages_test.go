package locker

import (
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

// The lock says which packages cannot be layers as they are, and why.
func TestMarkNormalised(t *testing.T) {
	facts := []*apkfacts.Facts{
		{Name: "usr", Version: "1-r0", Entries: []apkfacts.Entry{
			{Path: imagepath.Must("usr/lib"), Type: apkfacts.Dir}, {Path: imagepath.Must("lib"), Type: apkfacts.Symlink, Link: "usr/lib"},
		}},
		{Name: "old", Version: "1-r0", Entries: []apkfacts.Entry{{Path: imagepath.Must("lib"), Type: apkfacts.Dir}, {Path: imagepath.Must("lib/f")}}},
	}
	entries := []lockfile.Package{{Name: "usr"}, {Name: "old"}}
	if err := markNormalised(entries, facts); err != nil {
		t.Fatal(err)
	}
	if entries[0].Normalise != "" || !strings.Contains(entries[1].Normalise, "its directory lib is a symlink to usr/lib in package usr-1-r0") {
		t.Errorf("usr: %q, old: %q; want old to be normalised, and why", entries[0].Normalise, entries[1].Normalise)
	}
}
