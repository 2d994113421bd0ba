package rebuild

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/signingkey"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

func TestPackage(t *testing.T) {
	packages := filepath.Join(workspace.Shared(t), "apk", "alpine", "x86_64")
	key, err := signingkey.Write(t.TempDir(), "rebuilt")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	b := &Builder{Ocibuild: program.Build(t, workspace.Checkout(t), "./tools/cmd/ocibuild"), Key: key}
	old := filepath.Join(packages, "zlib-1.3.1-r0.apk")
	rebuilt, err := b.Package(context.Background(), old, dir, Change{Version: "1.3.1-r1", BuildTime: 1700000000})
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "zlib-1.3.1-r1.apk"); rebuilt != want {
		t.Fatalf("the new package is %s, want %s", rebuilt, want)
	}
	list := func(file string) string {
		return program.Run(t, "tar", "--list", "--gzip", "--warning=no-unknown-keyword", "--exclude=.*", "--file", file)
	}
	if got, want := list(rebuilt), list(old); got != want {
		t.Errorf("files are\n%swant\n%s", got, want)
	}
	info := program.Run(t, "tar", "--extract", "--to-stdout", "--gzip", "--file", rebuilt, ".PKGINFO")
	for _, want := range []string{"pkgname = zlib\n", "pkgver = 1.3.1-r1\n", "provides = so:libz.so.1=1.3.1\n", "depend = so:libc.musl-x86_64.so.1\n"} {
		if !strings.Contains(info, want) {
			t.Errorf("no line %q in\n%s", want, info)
		}
	}
	if err := b.Repository(context.Background(), dir, "x86_64", rebuilt); err != nil {
		t.Fatal(err)
	}
}
