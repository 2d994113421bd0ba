package ociimage

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// What is written has the members of v1.ConfigFile and v1.History, in their order.
func TestNothingIsLeftOut(t *testing.T) {
	for _, test := range []struct{ ours, theirs reflect.Type }{
		{reflect.TypeFor[configFile](), reflect.TypeFor[v1.ConfigFile]()},
		{reflect.TypeFor[history](), reflect.TypeFor[v1.History]()},
	} {
		if got, want := strings.Join(memberNames(test.ours), " "), strings.Join(memberNames(test.theirs), " "); got != want {
			t.Errorf("%s has the members %s, want %s", test.ours, got, want)
		}
	}
	full := v1.ConfigFile{}
	fill(reflect.ValueOf(&full).Elem())
	want, err := canonical(full)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := encodeConfig(&full, nil); err != nil || string(got) != string(want) {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

// fill gives everything in v a value that is not zero.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString("x")
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		value := reflect.New(v.Type().Elem()).Elem()
		fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("x"), value)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(7, 0).UTC()))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	}
}

// Every member of a config is taken over from the base, and set over it; and can be cleared.
func TestEveryMember(t *testing.T) {
	config := reflect.TypeFor[v1.Config]()
	for i := range config.NumField() {
		name := config.Field(i).Name
		one := v1.Config{}
		fill(reflect.ValueOf(&one).Elem().Field(i))
		if name == "Env" {
			one.Env = []string{"A=1"}
		}
		if got := mergeConfig(v1.Config{}, one); !reflect.DeepEqual(got, one) {
			t.Errorf("%s over nothing: got %+v, want %+v", name, got, one)
		}
		if got := mergeConfig(one, v1.Config{}); !reflect.DeepEqual(got, one) {
			t.Errorf("nothing over %s: got %+v, want %+v", name, got, one)
		}
		if err := clearConfig(&one, memberNames(config)[i]); err != nil || !reflect.DeepEqual(one, v1.Config{}) {
			t.Errorf("cleared of %s: got %+v, %v", name, one, err)
		}
	}
	if err := clearConfig(&v1.Config{}, "Entrypiont"); err == nil || !strings.Contains(err.Error(), `no member "Entrypiont" to clear, want one of `) {
		t.Errorf("got %v, want the member named", err)
	}
}

const layerDigest = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

// upon builds an image upon a base of one layer with a config of that `config` object, and returns its config.
func upon(t *testing.T, mediaType, members, config string, request Request) (manifest, out string) {
	t.Helper()
	base := []byte(`{"architecture":"amd64","os":"linux"` + members + `,"config":` + config + `,"rootfs":{"type":"layers","diff_ids":["` + layerDigest + `"]}}`)
	manifestOf := []byte(`{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":1,"digest":"` + digestOf(base).String() +
		`"},"layers":[{"mediaType":"` + mediaType + `","size":5,"digest":"` + layerDigest + `","urls":["https://x"]}]}`)
	request.Platform, request.Base = amd64, built(t, manifestOf, base)
	image, err := Build(request)
	if err != nil {
		t.Fatal(err)
	}
	return string(image.Manifest), string(image.Config)
}

const ociLayerType1 = "application/vnd.oci.image.layer.v1.tar+gzip"

func TestMembersThatNobodyKnows(t *testing.T) {
	_, got := upon(t, ociLayerType1, "", `{"StopTimeout":5,"Cmd":["a"],"OnBuild":["RUN x"],"ArgsEscaped":true,"Alpha":{"b":1}}`,
		Request{Config: v1.Config{Cmd: []string{"b"}}, Created: time.Unix(0, 0)})
	if want := `"config":{"Cmd":["b"],"OnBuild":["RUN x"],"ArgsEscaped":true,"Alpha":{"b":1},"StopTimeout":5}`; !strings.Contains(got, want) {
		t.Errorf("config is %s, want in it %s", got, want)
	}
	_, got = upon(t, ociLayerType1, "", `{"StopTimeout":5}`, Request{Created: time.Unix(0, 0)})
	if !strings.Contains(got, `"config":{"StopTimeout":5}`) || !json.Valid([]byte(got)) {
		t.Errorf("config is %s", got)
	}
}

func TestNoTime(t *testing.T) {
	_, got := upon(t, ociLayerType1, `,"history":[{"created_by":"a"}]`, `{}`, Request{Created: time.Unix(0, 0)})
	if strings.Contains(got, "0001-01-01") || !strings.Contains(got, `"history":[{"created_by":"a"}]`) {
		t.Errorf("config is %s, want no time in the history", got)
	}
	_, got = upon(t, ociLayerType1, "", `{}`, Request{Created: time.Unix(0, 0)}) // a history is made up
	if strings.Contains(got, "0001-01-01") || !strings.Contains(got, `"history":[{"comment":"layer of the base image"}]`) {
		t.Errorf("config is %s, want no time in the history", got)
	}
}

func TestClear(t *testing.T) {
	_, got := upon(t, ociLayerType1, "", `{"Entrypoint":["/a"],"Cmd":["b"],"User":"u","Volumes":{"/v":{}},"WorkingDir":"/w"}`,
		Request{Clear: []string{"Entrypoint", "User", "Volumes"}, Config: v1.Config{User: "me"}, Created: time.Unix(0, 0)})
	if want := `"config":{"Cmd":["b"],"User":"me","WorkingDir":"/w"}`; !strings.Contains(got, want) {
		t.Errorf("config is %s, want in it %s", got, want)
	}
}

func TestLayerTypes(t *testing.T) {
	for from, want := range map[string]string{
		"application/vnd.docker.image.rootfs.diff.tar":                 "application/vnd.oci.image.layer.v1.tar",
		"application/vnd.docker.image.rootfs.diff.tar.gzip":            "application/vnd.oci.image.layer.v1.tar+gzip",
		"application/vnd.docker.image.rootfs.diff.tar.zstd":            "application/vnd.oci.image.layer.v1.tar+zstd",
		"application/vnd.docker.image.rootfs.foreign.diff.tar":         "application/vnd.oci.image.layer.nondistributable.v1.tar",
		"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip":    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
		"application/vnd.docker.image.rootfs.foreign.diff.tar.zstd":    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
		"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd": "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
		"application/vnd.oci.image.layer.v1.tar+zstd":                  "application/vnd.oci.image.layer.v1.tar+zstd",
	} {
		manifest, _ := upon(t, from, "", `{}`, Request{Created: time.Unix(0, 0)})
		if !strings.Contains(manifest, `{"mediaType":"`+want+`","size":5,"digest":"`+layerDigest+`","urls":["https://x"]}`) {
			t.Errorf("%s: manifest is %s, want %s", from, manifest, want)
		}
	}
}

func TestExpand(t *testing.T) {
	values := map[string]string{"A": "1", "_b2": "2", "EMPTY": ""}
	for text, want := range map[string]string{
		"$A${_b2}$EMPTY.": "12.", "$$A": "$A", "5$": "5$", "$ $-": "$ $-", "${A}A": "1A", "": "", "$$$$": "$$", "$$$A": "$1",
	} {
		if got, err := expand(text, values); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"${A": "${ has no } behind it", "a${}b": "${} is no variable", "${A-x}": "${A-x} is no variable", "${Ä}": "is no variable",
		"$AB": "no variable AB", "$1": "no variable 1", "${_}": "no variable _", "${": "has no }",
	} {
		if got, err := expand(text, values); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
}
