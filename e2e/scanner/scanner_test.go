package scanner

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/assembly"
	"github.com/rules-apk/rules_apk/e2e/internal/image"
	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
	"github.com/rules-apk/rules_apk/tools/rootfs"
)

// locked is what the test needs of apk.lock.json.
type locked struct {
	Packages []struct{ Name, Version, License, URL string }
}

// found is what the test needs of syft's JSON.
type found struct {
	Artifacts []struct {
		Name, Version, Type string
		Licenses            []struct{ Value string }
	}
	Distro struct{ ID string }
}

// syft lists exactly the packages of the lock, with their versions and licences, in a root and in an OCI layout.
func TestSyft(t *testing.T) {
	shared := workspace.Shared(t)
	scanner := syft(t)
	dir := t.TempDir()
	world := []string{"alpine-base", "chrony", "openssh", "wget", "wpa_supplicant"}
	lock := lockFile(t, dir, shared, world)

	var packages []assembly.Package
	var want []string
	for _, p := range lock.Packages {
		packages = append(packages, assembly.Package{Name: p.Name, Version: p.Version, File: filepath.Join(shared, "apk", "alpine", assembly.Arch, filepath.Base(p.URL))})
		want = append(want, line("apk", p.Name, p.Version, []string{p.License}))
	}
	if len(want) < 30 {
		t.Fatalf("%d packages in the lock, want 30 or more", len(want))
	}
	a := &assembly.Assembler{Ocibuild: program.Build(t, workspace.Checkout(t), "./tools/cmd/ocibuild"), Dir: filepath.Join(dir, "built")}
	layout := a.Image(t, "image", map[string]any{"world": world}, packages).Layout
	image, err := image.FromLayout(layout, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(dir, "root")
	if err := rootfs.Unpack(image, root); err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{"dir:" + root, "oci-dir:" + layout} {
		kind, _, _ := strings.Cut(source, ":")
		t.Run(kind, func(t *testing.T) { compare(t, scan(t, scanner, source), want) })
	}
}

// lockFile locks world out of the repository in shared.
func lockFile(t *testing.T, dir, shared string, world []string) locked {
	t.Helper()
	config, err := json.Marshal(map[string]any{
		"repositories": []string{filepath.Join(shared, "apk", "alpine")},
		"keyring":      []string{filepath.Join(shared, "apk", "keys")},
		"archs":        []string{assembly.Arch},
		"packages":     world,
	})
	if err != nil {
		t.Fatal(err)
	}
	in, out := filepath.Join(dir, "apk.yaml"), filepath.Join(dir, "apk.lock.json")
	if err := os.WriteFile(in, config, 0o644); err != nil { // JSON is YAML
		t.Fatal(err)
	}
	program.Run(t, program.Build(t, workspace.Checkout(t), "./tools/cmd/apklock"), "lock", "--config="+in, "--lock="+out)
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var lock locked
	if err := json.Unmarshal(data, &lock); err != nil {
		t.Fatal(err)
	}
	return lock
}

func scan(t *testing.T, scanner, source string) found {
	t.Helper()
	r := program.Command{
		Name: scanner, Args: []string{"scan", source, "--quiet", "--output=syft-json"},
		Env: []string{"SYFT_CHECK_FOR_APP_UPDATE=false"},
	}.Run(t)
	if r.Err != nil {
		t.Fatal(r)
	}
	var f found
	if err := json.Unmarshal([]byte(r.Stdout), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func compare(t *testing.T, f found, want []string) {
	t.Helper()
	if f.Distro.ID != "alpine" {
		t.Errorf("the distribution is %q, want alpine", f.Distro.ID)
	}
	var got []string
	for _, a := range f.Artifacts {
		var licences []string
		for _, l := range a.Licenses {
			licences = append(licences, l.Value)
		}
		got = append(got, line(string(a.Type), a.Name, a.Version, licences))
	}
	t.Logf("syft lists %d packages, the lock has %d", len(got), len(want))
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Errorf("only syft lists %s", g)
		}
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("only the lock has %s", w)
		}
	}
	if len(got) != len(want) {
		t.Errorf("syft lists %d packages, want %d", len(got), len(want))
	}
}

// line is a package for comparison. syft cuts licences that are no expression of SPDX's ("Public-Domain AND MIT") into
// words, each listed once: all are compared as sets of words.
func line(kind, name, version string, licences []string) string {
	words := strings.Fields(strings.Join(licences, " "))
	slices.Sort(words)
	return fmt.Sprintf("%s %s %s %q", kind, name, version, slices.Compact(words))
}
