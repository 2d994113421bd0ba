package network

import (
	"os/user"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
)

// Actions of a build have no HOME, and layers of private images are fetched in these.
func TestCredentialsWithoutHome(t *testing.T) {
	u, err := user.Current()
	if err != nil || u.HomeDir == "" {
		t.Skipf("this account has no home directory: %v", err)
	}
	n := &Network{Process: &cli.Process{Getenv: func(string) string { return "" }}}
	if want := filepath.Join(u.HomeDir, ".docker", "config.json"); !slices.Contains(n.loginFiles(), want) {
		t.Errorf("got %q, want %s", n.loginFiles(), want)
	}
}
