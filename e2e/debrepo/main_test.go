package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/apt"
	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/debtest"
	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

// repository makes a repository out of args and returns its files' contents and what was printed.
func repository(t *testing.T, ocibuild, key string, args ...string) (map[string]string, string) {
	t.Helper()
	dir := t.TempDir()
	var stdout, stderr bytes.Buffer
	all := append([]string{"--dir=" + dir, "--ocibuild=" + ocibuild, "--key=" + key, "--key-name=test.rsa.pub"}, args...)
	if err := run(context.Background(), all, &stdout, &stderr); err != nil {
		if errors.Is(err, apt.ErrAbsent) {
			t.Skipf("SKIPPED: %v", err)
		}
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files, stdout.String()
}

func writeKey(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "test.rsa")
	data := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestGivenFiles(t *testing.T) {
	ocibuild := program.Build(t, workspace.Checkout(t), "./tools/cmd/ocibuild")
	key := writeKey(t)
	var debs []string
	for _, d := range []debtest.Deb{
		{Name: "base-files_12_amd64", Control: "Package: base-files\nVersion: 12\nArchitecture: amd64\n", ModTime: 1_600_000_000},
		{Name: "base-files_12_arm64", Control: "Package: base-files\nVersion: 12\nArchitecture: arm64\n", ModTime: 1_600_000_000},
		{Name: "data_1.0-1_all", Control: "Package: data\nVersion: 1.0-1\nArchitecture: all\nDepends: perl\n",
			Files: []tar.Header{{Name: "./lib/"}, {Name: "./lib/a file"}}, Bodies: map[string]string{"./lib/a file": "text"}, Compression: ".xz"},
	} {
		debs = append(debs, d.Write(t))
	}
	files, stdout := repository(t, ocibuild, key, debs...)
	want := []string{"x86_64/APKINDEX.tar.gz", "x86_64/base-files-12-r0.apk", "x86_64/data-1.0_p1-r0.apk",
		"aarch64/APKINDEX.tar.gz", "aarch64/base-files-12-r0.apk", "aarch64/data-1.0_p1-r0.apk"}
	for _, name := range want {
		if files[name] == "" {
			t.Errorf("no %s in the repository", name)
		}
	}
	if len(files) != len(want) || files["x86_64/data-1.0_p1-r0.apk"] != files["aarch64/data-1.0_p1-r0.apk"] {
		t.Errorf("%d files, want %d; a package for all architectures must be the same in each", len(files), len(want))
	}
	if !strings.Contains(stdout, "data 1.0-1 aarch64/data-1.0_p1-r0.apk\n") {
		t.Errorf("printed %q", stdout)
	}
	for name, again := range second(repository(t, ocibuild, key, debs...)) {
		if files[name] != again {
			t.Errorf("%s is not the same the second time", name)
		}
	}
}

func second(files map[string]string, _ string) map[string]string { return files }

// TestRealApt converts what libbz2-1.0 needs, for both architectures.
func TestRealApt(t *testing.T) {
	program.Require(t, "apt-get")
	ocibuild := program.Build(t, workspace.Checkout(t), "./tools/cmd/ocibuild")
	files, stdout := repository(t, ocibuild, writeKey(t), "libbz2-1.0")
	t.Log(stdout)
	for _, arch := range []string{"x86_64", "aarch64"} {
		for _, name := range []string{"base-files", "gcc-12-base", "libbz2-1.0", "libc6", "libgcc-s1"} {
			if !strings.Contains(stdout, " "+arch+"/"+name+"-") {
				t.Errorf("no %s for %s", name, arch)
			}
		}
	}
	if len(files) != 12 {
		t.Errorf("%d files, want 5 packages and an index in each architecture", len(files))
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"a"}, "want --dir and --ocibuild"},
		{[]string{"--dir=d", "--ocibuild=o"}, "no packages"},
		{[]string{"--dir=d", "--ocibuild=o", "--key=k", "a"}, "want --key and --key-name together"},
		{[]string{"--dir=d", "--ocibuild=o", "./a_1_all.deb", "b"}, "b: want the path of a .deb file"},
		{[]string{"--dir=d", "--ocibuild=o", "--arch=mips", "./a_1_all.deb"}, `architecture "mips": want amd64 or arm64`},
	} {
		if err := run(context.Background(), c.args, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.args, err, c.want)
		}
	}
}
