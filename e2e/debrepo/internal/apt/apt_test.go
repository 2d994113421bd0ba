package apt

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/control"
)

// TestRealApt asks this machine's apt for a package of another architecture.
func TestRealApt(t *testing.T) {
	archs := []string{"amd64", "arm64"}
	root, err := New(filepath.Join(t.TempDir(), "apt"), archs)
	if errors.Is(err, ErrAbsent) {
		t.Skipf("SKIPPED: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	before := machine(t)
	ctx := context.Background()
	if err := root.Update(ctx); err != nil {
		t.Skipf("SKIPPED: apt reaches no source: %v", err)
	}
	found := map[string]string{}
	err = root.Packages(ctx, func(s control.Stanza) error {
		if s["Package"] == "libbz2-1.0" {
			found[s["Architecture"]] = s["Version"]
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, arch := range archs {
		if found[arch] == "" {
			t.Fatalf("found libbz2-1.0 for %v, want one for %s", found, arch)
		}
	}
	dir := t.TempDir()
	want := []Package{{"libbz2-1.0", "arm64", found["arm64"]}, {"libbz2-1.0", "amd64", found["amd64"]}}
	paths, err := root.Download(ctx, dir, want)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := root.Download(ctx, dir, []Package{{"libbz2-1.0", "arm64", "0.0-no-such"}}); err == nil {
		t.Error("a version that no source has was downloaded")
	}
	if after := machine(t); after != before {
		t.Errorf("the machine's own apt changed:\n%s\nbefore:\n%s", after, before)
	}
}

// machine tells what of the machine's apt must stay as it is, and what nobody else changes in passing.
func machine(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, pattern := range []string{"/var/lib/dpkg/arch*", "/etc/apt/*", "/etc/apt/*/*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if info, err := os.Stat(path); err == nil {
				b.WriteString(path + " " + info.ModTime().String() + "\n")
			}
		}
	}
	return b.String()
}

func TestFileName(t *testing.T) {
	p := Package{"zlib1g", "amd64", "1:1.2.13.dfsg-1"}
	if got, want := p.FileName(), "zlib1g_1%3a1.2.13.dfsg-1_amd64.deb"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := (Package{"tzdata", "all", "2024b"}).String(), "tzdata=2024b"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
