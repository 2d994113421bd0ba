package apkversion_test

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkoracle"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktest"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkversion"
	"github.com/rules-apk/rules_apk/tools/internal/test/realpackages"
)

// The real "apk version --check" and Parse refuse the same of all versions of Alpine 3.19, of each of them with a
// character changed, and of others.
func TestValidOracle(t *testing.T) {
	shared := realpackages.Dir(t)
	oracle, err := apkoracle.New(shared, t.TempDir())
	if errors.Is(err, apkoracle.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	versions := []string{"1/../../../x", "2.7.18.10-git-r0", "1.0", "1.0-r", "1.0-", "1..0", "1.0_", "1.0_rc", "1.0_rc1_git2", "01", "1a2", "x", ".1", "1_"}
	random := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"main", "community"} {
		path := filepath.Join(shared, "index", "alpine-3.19", name, "x86_64", "APKINDEX.tar.gz")
		for _, p := range apktest.Index(t, path, filepath.Join(shared, "keys")).Packages {
			changed := []byte(p.Version)
			changed[random.IntN(len(changed))] = "0.-_rapg/x:"[random.IntN(11)]
			versions = append(versions, p.Version, string(changed))
		}
	}
	invalid, err := oracle.InvalidVersions(versions)
	if err != nil {
		t.Fatal(err)
	}
	refused := make(map[string]bool)
	for _, v := range invalid {
		refused[v] = true
	}
	for _, v := range versions {
		// 2.14 does not know hashes (~), and takes an option for none.
		if strings.HasPrefix(v, "-") {
			continue
		}
		if _, err := apkversion.Parse(v); (err != nil) != refused[v] {
			t.Errorf("%q: %v, refused by apk: %v", v, err, refused[v])
		}
	}
	t.Logf("%d versions, apk refuses %d", len(versions), len(invalid))
	if len(invalid) < 1000 {
		t.Errorf("apk refuses %d, want at least 1000", len(invalid))
	}
}
