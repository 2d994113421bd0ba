package network

import (
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/regauth"
)

// Actions of a build have no HOME, and layers of private images are fetched in these.
func TestCredentialsWithoutHome(t *testing.T) {
	u, err := user.Current()
	if err != nil || u.HomeDir == "" {
		t.Skipf("this account has no home directory: %v", err)
	}
	n := &Network{Process: &cli.Process{Getenv: func(string) string { return "" }}}
	want := filepath.Join(u.HomeDir, ".docker", "config.json")
	if !slices.ContainsFunc(n.logins(), func(s regauth.Source) bool { return s.Name == want }) {
		t.Errorf("got %v, want %s", n.logins(), want)
	}
}

func TestPlacesOfCredentials(t *testing.T) {
	env := map[string]string{
		"HOME": "/home/me", "XDG_CONFIG_HOME": "/config", "XDG_RUNTIME_DIR": "/run/me", "DOCKER_AUTH_CONFIG": "{}", "REGISTRY_AUTH_FILE": "/auth",
	}
	var got []string
	for _, s := range (&Network{Process: &cli.Process{Getenv: func(key string) string { return env[key] }}}).logins() {
		got = append(got, s.Name)
	}
	want := "DOCKER_AUTH_CONFIG /auth /home/me/.docker/config.json /run/me/containers/auth.json /config/containers/auth.json"
	if strings.Join(got, " ") != want {
		t.Errorf("got %q, want %s", got, want)
	}
}
