package apkrepo_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/fetch"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkrepo"
)

// A package must be what the index says in every respect, even where the checksum of its control section is right.
func TestPackageIsWhatTheIndexSays(t *testing.T) {
	dir := t.TempDir()
	apk := filepath.Join(dir, "x86_64", "hello-1.0-r0.apk")
	entry := writePackage(t, apk)
	reader := &apkrepo.Reader{Fetcher: &fetch.Client{}, Keyring: &apksign.Keyring{}}
	repo := apkrepo.Repository{Locations: []string{dir}}

	var read int
	file, err := reader.Package(t.Context(), repo, "x86_64", entry, func(n int) { read += n })
	if err != nil {
		t.Fatal(err)
	}
	if int64(read) != entry.Size || file.Size != entry.Size {
		t.Errorf("%d bytes read, file of %d; want %d", read, file.Size, entry.Size)
	}

	bigger := *entry
	bigger.Size++
	if _, err := reader.Package(t.Context(), repo, "x86_64", &bigger, nil); err == nil || !strings.Contains(err.Error(), "as the index states") {
		t.Errorf("size: %v", err)
	}
	for _, other := range []struct{ name, version string }{{"hello", "2.0-r0"}, {"goodbye", "1.0-r0"}} {
		renamed := *entry
		renamed.Name, renamed.Version = other.name, other.version
		content, err := os.ReadFile(apk)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "x86_64", renamed.FileName()), content, 0o644); err != nil {
			t.Fatal(err)
		}
		want := ".PKGINFO says hello-1.0-r0, want " + renamed.String()
		if _, err := reader.Package(t.Context(), repo, "x86_64", &renamed, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("another package: %v, want an error with %q", err, want)
		}
	}
}

func writePackage(t *testing.T, path string) *apkindex.Package {
	t.Helper()
	scratch, err := os.Create(filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	defer scratch.Close()
	var apk bytes.Buffer
	p := &apkfile.Package{Info: apkfile.Info{{Key: "pkgname", Value: "hello"}, {Key: "pkgver", Value: "1.0-r0"}, {Key: "arch", Value: "x86_64"}}}
	if err := apkfile.Write(&apk, scratch, p); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, apk.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := apkfile.Read(bytes.NewReader(apk.Bytes()), apkfile.Built(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return &apkindex.Package{Name: "hello", Version: "1.0-r0", Arch: "x86_64", Checksum: f.Checksum, Size: f.Size}
}
