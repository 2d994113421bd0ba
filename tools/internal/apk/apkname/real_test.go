package apkname_test

import (
	"path/filepath"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktest"
	"github.com/rules-apk/rules_apk/tools/internal/test/realpackages"
)

// All that Alpine has passes the gates: the names and versions those of the index's reader, what packages depend on and
// provide that of constraints.
func TestRealIndexes(t *testing.T) {
	dir := realpackages.Dir(t)
	paths, err := filepath.Glob(filepath.Join(dir, "index", "*", "*", "*", "APKINDEX.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob(filepath.Join(dir, "alpine", "*", "APKINDEX.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	packages, constraints := 0, 0
	for _, path := range append(paths, more...) {
		for _, p := range apktest.Index(t, path, filepath.Join(dir, "keys")).Packages {
			packages++
			for _, list := range [][]string{p.Depends, p.Provides, p.InstallIf} {
				for _, text := range list {
					constraints++
					if _, err := apkconstraint.Parse(text); err != nil {
						t.Errorf("%s: %v", p, err)
					}
				}
			}
		}
	}
	t.Logf("%d packages, %d constraints", packages, constraints)
	if packages < 23000 || constraints < 100000 {
		t.Errorf("%d packages, %d constraints, want at least 23,000 and 100,000", packages, constraints)
	}
}
