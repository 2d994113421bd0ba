package refname

import (
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
)

func TestRepository(t *testing.T) {
	for text, want := range map[string]string{
		"registry.example.com/a/b": "registry.example.com/a/b",
		"vm:5601/app":              "vm:5601/app",
		"localhost/app":            "localhost/app",
		"alpine":                   "index.docker.io/library/alpine",
		"team/app":                 "index.docker.io/team/app",
		"r.example.com/a_b/c-d.e":  "r.example.com/a_b/c-d.e",
		"":                         `repository "": is empty, want registry/name`,
		"https://host/x":           `repository "https://host/x": begins with "https://", want registry/name alone, such as host/x`,
		"x/app/":                   `repository "x/app/": its part 3, between slashes, is empty; want registry/name`,
		"/app":                     `repository "/app": its part 1, between slashes, is empty; want registry/name`,
		"r.example.com//app":       `its part 2, between slashes, is empty`,
		"Up/Per/image":             `its part "Up" has capitals, want lower case: up`,
		"r.example.com/app:v1":     `has the tag "v1", want registry/name without one`,
		"r.example.com/app@sha256": `has "@sha256", want registry/name without a digest`,
		"r.example.com/a b":        `its part "a b" has " ", want letters`,
		"r.example.com/-a":         `its part "-a" begins or ends with neither a letter nor a digit`,
	} {
		r, err := Repository(text)
		if got := r.Name(); err == nil && got != want || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestTag(t *testing.T) {
	r, err := Repository("r.example.com/app")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"v1.2_3-x":               "r.example.com/app:v1.2_3-x",
		"_x":                     "r.example.com/app:_x",
		"feature/foo":            `tag "feature/foo": has '/', want letters, digits, _, . and - only, such as feature-foo`,
		"":                       `tag "": is empty`,
		"-x":                     `tag "-x": begins with '-'`,
		"a:b":                    `has ':'`,
		"ü":                      `has 'ü'`,
		strings.Repeat("x", 129): `has 129 characters, want at most 128`,
	} {
		tag, err := Tag(r, text)
		if err == nil && tag.Name() != want || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %s, %v; want %s", text, tag, err, want)
		}
	}
}

func TestImage(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0123456789abcdef", 4)
	for text, want := range map[string]string{
		"r.example.com:5000/app":               "r.example.com:5000/app:latest",
		"r.example.com:5000/app:v1":            "r.example.com:5000/app:v1",
		"r.example.com/app@" + digest:          "r.example.com/app@" + digest,
		"r.example.com/app:v1@" + digest:       "r.example.com/app@" + digest,
		"alpine:3.20":                          "index.docker.io/library/alpine:3.20",
		"a:b:c":                                "capitals|has|its part",
		"r.example.com/app@sha256:12":          `digest is "sha256:12", want sha256: and 64`,
		"r.example.com/app:":                   `tag "": is empty`,
		"https://r.example.com/app:v1":         `begins with "https://"`,
		"r.example.com/app@" + digest + "\x00": "want sha256: and 64",
	} {
		ref, err := Image(text)
		matched := false
		for _, part := range strings.Split(want, "|") {
			matched = matched || err == nil && ref.Name() == part || err != nil && strings.Contains(err.Error(), part)
		}
		if !matched {
			t.Errorf("%q: got %v, %v; want %s", text, ref, err, want)
		}
	}
}

// What is taken is taken by registries' own library, too, and means the same.
func FuzzImage(f *testing.F) {
	for _, text := range []string{"alpine", "r.example.com:5000/a/b:v1", "localhost/a@sha256:" + strings.Repeat("0", 64), "https://x/y", "a//b", "[::1]:5000/a", "A/b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ref, err := Image(text)
		if err != nil {
			if len(err.Error()) > 20*len(text)+400 {
				t.Errorf("an error of %d bytes for %d", len(err.Error()), len(text))
			}
			return
		}
		if ref.Context().RegistryStr() == "localhost" {
			return // there it is a name at Docker Hub
		}
		again, err := name.ParseReference(ref.Name())
		if err != nil || again.Name() != ref.Name() {
			t.Errorf("%q is %s, which is read as %v, %v", text, ref.Name(), again, err)
		}
	})
}
