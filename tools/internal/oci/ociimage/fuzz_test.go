package ociimage

import (
	"bytes"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/oci/ocidoc"
)

// FuzzUpon builds upon bases with configs of any kind: what comes out can be built upon again, and nothing is lost
// then.
func FuzzUpon(f *testing.F) {
	f.Add([]byte(`{"architecture":"amd64","os":"linux","config":{"Cmd":["a"],"StopTimeout":5},"rootfs":{"type":"layers","diff_ids":[]}}`))
	f.Add([]byte(`{"architecture":"amd64","os":"linux","config":{"Env":["A=1"],"Labels":{"a":"b"},"x":{"y":[]}},"history":[{}]}`))
	f.Fuzz(func(t *testing.T, config []byte) {
		manifest := []byte(`{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":1,"digest":"` + digestOf(config).String() + `"},"layers":[]}`)
		base, err := ocidoc.BuiltImage(manifest, config)
		if err != nil {
			return
		}
		request := Request{Platform: amd64, Base: base, Config: v1.Config{User: "me"}, Created: time.Unix(0, 0)}
		first, err := Build(request)
		if err != nil {
			return
		}
		if request.Base, err = ocidoc.BuiltImage(first.Manifest, first.Config); err != nil {
			t.Fatalf("what was built cannot be read: %v\n%s", err, first.Config)
		}
		second, err := Build(request)
		if err != nil {
			t.Fatalf("what was built cannot be built upon: %v\n%s", err, first.Config)
		}
		if !bytes.Equal(first.Config, second.Config) {
			t.Errorf("built upon itself:\n%s became\n%s", first.Config, second.Config)
		}
	})
}

// FuzzExpand looks for values of variables that take expansion down, or lose a dollar sign.
func FuzzExpand(f *testing.F) {
	for _, text := range []string{"$A${A}$$", "${", "$", "a${}b", "${A"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := expand(text, map[string]string{"A": "$A"})
		if err == nil && !bytes.Contains([]byte(text), []byte("$")) && got != text {
			t.Errorf("%q became %q", text, got)
		}
	})
}
