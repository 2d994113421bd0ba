package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktest"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
	"github.com/rules-apk/rules_apk/tools/internal/test/realpackages"
)

// Locks real packages for two architectures, and checks the lock against the files by other means than those that made
// it.
func TestLockRealPackages(t *testing.T) {
	shared := realpackages.Dir(t)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir := t.TempDir()
	config := fmt.Sprintf("repositories: [%s/alpine]\nkeyring: [%s/keys]\narchs: [x86_64, aarch64]\n"+
		"packages: [alpine-baselayout, busybox, musl, openssl, ca-certificates-bundle]\n", shared, shared)
	if err := os.WriteFile(filepath.Join(dir, "apk.yaml"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "apk.lock.json")
	var stdout, stderr bytes.Buffer
	p := &cli.Process{Getenv: os.Getenv, Stdout: &stdout, Stderr: &stderr}
	if err := program().Run(t.Context(), p, []string{"lock", "--config", filepath.Join(dir, "apk.yaml"), "--lock", path}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := lockfile.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	archs := make(map[string]int)
	for _, p := range lock.Packages {
		archs[p.Arch]++
		checkEntry(t, &p)
	}
	t.Logf("%d packages: %v", len(lock.Packages), archs)
	if archs["x86_64"] < 10 || archs["aarch64"] < 9 {
		t.Errorf("locked %v, want at least 10 and 9", archs)
	}
}

func checkEntry(t *testing.T, p *lockfile.Package) {
	t.Helper()
	apk, err := os.ReadFile(p.URL)
	if err != nil {
		t.Error(err)
		return
	}
	data := p.Sections.Data
	for _, digest := range []struct {
		field, want string
		bytes       []byte
	}{
		{"sha256", p.SHA256, apk},
		{"layer", p.Layer, apk[data.Offset():data.End()]},
		{"diff_id", p.DiffID, mustGunzip(t, apk[data.Offset():])},
	} {
		if got := fmt.Sprintf("sha256:%x", sha256.Sum256(digest.bytes)); got != digest.want {
			t.Errorf("%s: %s is %s in the lock, %s in the file", p.ID(), digest.field, digest.want, got)
		}
	}
	info := string(mustGunzip(t, apk[p.Sections.Control.Offset():p.Sections.Control.End()]))
	if want := "datahash = " + strings.TrimPrefix(p.Layer, "sha256:"); !strings.Contains(info, want) {
		t.Errorf("%s: no %q in its .PKGINFO", p.ID(), want)
	}
}

func mustGunzip(t *testing.T, stream []byte) []byte {
	t.Helper()
	plain, err := gunzip(stream)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// Every package of the real repository is what its index says.
func TestVerifyRealRepository(t *testing.T) {
	shared := realpackages.Dir(t)
	for _, arch := range []string{"x86_64", "aarch64"} {
		packages := apktest.Index(t, filepath.Join(shared, "alpine", arch, "APKINDEX.tar.gz"), filepath.Join(shared, "keys")).Packages
		for _, p := range packages {
			apk, err := os.ReadFile(filepath.Join(shared, "alpine", arch, p.FileName()))
			if err != nil {
				t.Error(err)
				continue
			}
			file, err := apkfile.Read(bytes.NewReader(apk), apkfile.Built(), nil)
			if err != nil {
				t.Errorf("%s (%s): %v", p, arch, err)
				continue
			}
			if file.Checksum != p.Checksum || file.Size != p.Size {
				t.Errorf("%s (%s): %s, %d bytes; the index says %s, %d", p, arch, file.Checksum, file.Size, p.Checksum, p.Size)
			}
		}
		t.Logf("%s: %d packages", arch, len(packages))
	}
}
