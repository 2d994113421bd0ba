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
	write("docker-credential-picky", "#!/bin/sh\nread host\ncase $host in r.example.com) echo '{\"Username\":\"picky\",\"Secret\":\"'$host'\"}';;"+
		" t.example.com) echo '{\"Username\":\"<token>\",\"Secret\":\"identity\"}';;"+
		" n.example.com) echo credentials not found in native keychain; exit 1;; *) echo no such thing as $host; exit 1;; esac\n", 0o700)
	write("docker-credential-ecr-login", "#!/bin/sh\necho '{\"Username\":\"AWS\",\"Secret\":\"ecr\"}'\n", 0o700)
	write("docker-credential-gcloud", "#!/bin/sh\necho not logged in; exit 1\n", 0o700)
	store := write("store.json", `{"auths":{"r.example.com":{},"l.example.com":{}},"credsStore":"picky"}`, 0o600)
	desktop := write("desktop.json", `{"auths":{"l.example.com":{},`+entry("r.example.com", "plain")+`},"credsStore":"desktop"}`, 0o600)
	broken := write("broken.json", `{"auths":{"b.example.com":{"auth":"secret!"},"c.example.com":7,`+entry("https://r.example.com/v1/", "old")+`}}`, 0o600)
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
		{files, "broken.example.com/app", docker + ": docker-credential-none-such for broken.example.com: is not in PATH"},
		{[]string{bad}, "r.example.com/app", bad + ": is not as Docker writes it: "},
		{[]string{store}, "r.example.com/a/b", "picky r.example.com"}, // asked by registry
		{[]string{store}, "t.example.com/a/b", "identity"},
		{[]string{store}, "n.example.com/app", " "},
		{[]string{store}, "o.example.com/app", " "},
		{[]string{store}, "l.example.com/app", store + ": docker-credential-picky for l.example.com: "},
		{[]string{desktop}, "r.example.com/app", "plain secret"},
		{[]string{desktop}, "o.example.com/app", " "},
		{[]string{desktop, podman}, "p.example.com/app", "all secret"},
		{[]string{desktop}, "l.example.com/app", desktop + ": docker-credential-desktop for l.example.com: "},
		{[]string{broken}, "r.example.com/app", "old secret"},
		{[]string{broken}, "b.example.com/app", broken + ": auths: the entry for b.example.com cannot be read"},
		{[]string{broken}, "c.example.com/app", broken + ": auths: the entry for c.example.com cannot be read"},
		{[]string{podman}, "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app", "AWS ecr"},
		{[]string{podman}, "evil.dkr.ecr.eu-west-1.amazonaws.com.example.com/app", " "},
		{[]string{podman}, "europe-docker.pkg.dev/project/app", " "},
	} {
		repository, err := name.NewRepository(test.repository)
		if err != nil {
			t.Fatal(err)
		}
		var sources []Source
		for _, file := range test.files {
			sources = append(sources, Source{Name: file})
		}
		auth, err := Keychain{Sources: sources}.Resolve(repository)
		got := fmt.Sprint(err)
		if err == nil {
			config, err := auth.Authorization()
			if err != nil {
				t.Fatal(err)
			}
			if got = config.Username + " " + config.Password; config.IdentityToken != "" {
				got = config.IdentityToken
			}
		}
		if strings.Contains(got, "secret!") {
			t.Errorf("%s: %q has the secret", test.repository, got)
		}
		if err == nil && got != test.want || !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.repository, got, test.want)
		}
	}
}

func TestContentAndSaying(t *testing.T) {
	var said []string
	k := Keychain{
		Sources: []Source{{Name: "DOCKER_AUTH_CONFIG", Content: []byte(`{"auths":{"r.example.com":{"username":"u","password":"p"}},"credsStore":"none-such"}`)}},
		Say:     func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) },
	}
	repository, err := name.NewRepository("r.example.com/app")
	if err != nil {
		t.Fatal(err)
	}
	auth, err := k.Resolve(repository)
	if err != nil {
		t.Fatal(err)
	}
	config, err := auth.Authorization()
	if err != nil || config.Username != "u" || config.Password != "p" {
		t.Errorf("got %v, %v", config, err)
	}
	if len(said) != 1 || !strings.HasPrefix(said[0], "DOCKER_AUTH_CONFIG: credsStore: docker-credential-none-such for r.example.com: ") {
		t.Errorf("said %q", said)
	}
}
