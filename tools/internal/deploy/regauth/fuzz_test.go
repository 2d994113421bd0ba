package regauth

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
)

// A file is read, or refused without telling what is in it, and an entry for one registry is none for another.
func FuzzFile(f *testing.F) {
	for _, text := range []string{
		`{"auths":{"r.example.com":{"auth":"dTpw"}}}`, `{"auths":{"https://r.example.com/v1/":{"username":"u","password":"p"}}}`,
		`{"auths":{"r.example.com/a":{"identitytoken":"t"}}}`, `{"auths":{"r.example.com":{"auth":"!"}}}`, `{"auths":[]}`, `{}`, `null`, `{"auths":null,"credHelpers":{"x":""}}`,
	} {
		f.Add([]byte(text))
	}
	repository, err := name.NewRepository("r.example.com/a/b")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		parsed, err := parse(data)
		// Programs are not for a fuzzer to run.
		if err != nil || len(parsed.CredHelpers) > 0 || parsed.CredsStore != "" {
			return
		}
		config, err := Keychain{}.lookUp(context.Background(), Source{Name: "fuzz", Content: data}, repository)
		if config != nil && err != nil || config != nil && !strings.Contains(string(data), "r.example.com") && !strings.Contains(string(data), `\u`) {
			t.Errorf("%s: got %+v, %v", data, config, err)
		}
	})
}
