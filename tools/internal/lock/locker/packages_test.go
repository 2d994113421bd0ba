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
		{Name: "old", Version: "1-r0", Entries: []apkfacts.Entry{{Path: imagepath.Must("lib"), Type: apkfacts.Dir}, {Path: imagepath.Must("lib/f"), Checksum: "Q1a"}}},
		{Name: "other", Version: "1-r0", Entries: []apkfacts.Entry{{Path: imagepath.Must("usr/lib"), Type: apkfacts.Dir}, {Path: imagepath.Must("usr/lib/f"), Checksum: "Q1b"}}},
	}
	entries := []lockfile.Package{{Name: "usr"}, {Name: "old"}, {Name: "other"}}
	conflicts, err := markNormalised(entries, facts)
	if err != nil {
		t.Fatal(err)
	}
	if len(conflicts) != 1 || conflicts[0].Package != "other" || !strings.Contains(conflicts[0].Error(), "packages old-1-r0 and other-1-r0 both have usr/lib/f, with different content") {
		t.Errorf("conflicts %v, want one of old and other", conflicts)
	}
	if entries[0].Normalise != "" || !strings.Contains(entries[1].Normalise, "its directory lib is a symlink to usr/lib in package usr-1-r0") {
		t.Errorf("usr: %q, old: %q; want old to be normalised, and why", entries[0].Normalise, entries[1].Normalise)
	}
}
