package regauth

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
)

func TestResolve(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	entry := func(key, user string) string {
		return fmt.Sprintf(`%q:{"auth":%q}`, key, base64.StdEncoding.EncodeToString([]byte(user+":secret")))
	}
	docker := write("config.json", `{"auths":{`+entry("r.example.com", "docker")+`,`+entry("https://index.docker.io/v1/", "hub")+
		`},"credHelpers":{"helped.example.com":"test","broken.example.com":"none-such"}}`, 0o600)
	podman := write("auth.json", `{"auths":{`+entry("r.example.com", "podman")+`,`+entry("p.example.com/team", "team")+`,`+
		entry("p.example.com", "all")+`}}`, 0o600)
	bad := write("bad.json", `{"auths":`, 0o600)
	write("docker-credential-test", "#!/bin/sh\nread host\necho '{\"Username\":\"helper\",\"Secret\":\"'$host'\"}'\n", 0o700)
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	files := []string{filepath.Join(dir, "none.json"), docker, podman}
	for _, test := range []struct {
		files            []string
		repository, want string
	}{
		{files, "r.example.com/app", "docker secret"},
		{[]string{podman, docker}, "r.example.com/app", "podman secret"},
		{files, "p.example.com/team/app", "team secret"},
		{files, "p.example.com/teams/app", "all secret"},
		{files, "alpine", "hub secret"},
		{files, "helped.example.com/app", "helper helped.example.com"},
		{files, "unknown.example.com/app", " "},
		{files, "broken.example.com/app", docker + ": credentials for "},
		{[]string{bad}, "r.example.com/app", bad + ": "},
	} {
		repository, err := name.NewRepository(test.repository)
		if err != nil {
			t.Fatal(err)
		}
		auth, err := Keychain{test.files}.Resolve(repository)
		got := fmt.Sprint(err)
		if err == nil {
			config, err := auth.Authorization()
			if err != nil {
				t.Fatal(err)
			}
			got = config.Username + " " + config.Password
		}
		if err == nil && got != test.want || !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.repository, got, test.want)
		}
	}
}
