package main

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/deployspec"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/deploytest"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ocideploy": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			// No credentials of the machine.
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("XDG_RUNTIME_DIR", "")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"registry": cmdRegistry, "spec": cmdSpec, "login": cmdLogin, "edit": cmdEdit,
		},
	})
}

// Actions of a build have no HOME, and layers of private images are fetched in these.
func TestCredentialsWithoutHome(t *testing.T) {
	u, err := user.Current()
	if err != nil || u.HomeDir == "" {
		t.Skipf("this account has no home directory: %v", err)
	}
	p := &process{getenv: func(string) string { return "" }}
	if want := filepath.Join(u.HomeDir, ".docker", "config.json"); !slices.Contains(p.credentials(), want) {
		t.Errorf("got %q, want %s", p.credentials(), want)
	}
}

// registry [STATUS METHOD PATH-PART | password USER:PASSWORD] starts a registry at $REGISTRY, one that fails or wants a password.
func cmdRegistry(ts *testscript.TestScript, _ bool, args []string) {
	t := deferring{ts}
	r := deploytest.NewRegistry(t)
	ts.Setenv("REGISTRY", r.Host)
	switch {
	case len(args) == 2 && args[0] == "password":
		want := "Basic " + base64.StdEncoding.EncodeToString([]byte(args[1]))
		r.Fault = func(w http.ResponseWriter, req *http.Request) bool {
			if req.Header.Get("Authorization") == want {
				return false
			}
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
	case len(args) == 3:
		status, err := strconv.Atoi(args[0])
		ts.Check(err)
		r.Fault = func(w http.ResponseWriter, req *http.Request) bool {
			if req.Method != args[1] || !strings.Contains(req.URL.Path, args[2]) {
				return false
			}
			w.WriteHeader(status)
			return true
		}
	}
}

// spec FILE COMMAND REPOSITORY TAG[,TAG] ARCH[,ARCH] LAYER... writes a deploy spec of an image, or of an index for two archs.
func cmdSpec(ts *testscript.TestScript, _ bool, args []string) {
	t := deferring{ts}
	files := deploytest.New(t)
	files.Dir = ts.MkAbs(".")
	spec := deployspec.Spec{Version: 1, Command: args[1]}
	image := deployspec.Image{Repository: args[2]}
	if args[3] != "" {
		image.Tags = strings.Split(args[3], ",")
	}
	var manifests []deploytest.Manifest
	for _, arch := range strings.Split(args[4], ",") {
		m := files.Image(arch, args[5:]...)
		manifests = append(manifests, m)
		image.Manifests = append(image.Manifests, m.Manifest)
		image.Descriptor = m.Descriptor
		spec.Layers = append(spec.Layers, m.Layers...)
		ts.Setenv("DIGEST", m.Digest)
		ts.Setenv("BLOB", m.Layers[0].Blob)
		layer, err := ocilayer.Parse(m.Layers[0].Descriptor)
		ts.Check(err)
		ts.Setenv("LAYER", layer.Digest.String())
		ts.Setenv("SIZE", strconv.FormatInt(layer.Size, 10))
	}
	if len(manifests) > 1 {
		index := files.Index(manifests...)
		image.Index, image.Descriptor = index.Index, index.Descriptor
		ts.Setenv("DIGEST", index.Digest)
	}
	spec.Images = []deployspec.Image{image}
	text, err := json.Marshal(spec)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), text, 0o644))
}

// login USER:PASSWORD writes Docker's config.json with credentials for $REGISTRY.
func cmdLogin(ts *testscript.TestScript, _ bool, args []string) {
	auth := base64.StdEncoding.EncodeToString([]byte(args[0]))
	ts.Check(os.MkdirAll(ts.MkAbs(".docker"), 0o755))
	ts.Check(os.WriteFile(ts.MkAbs(".docker/config.json"), []byte(`{"auths":{"`+ts.Getenv("REGISTRY")+`":{"auth":"`+auth+`"}}}`), 0o600))
}

// edit FILE OLD NEW replaces text that must be there, all of it.
func cmdEdit(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s has no %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, args[1], args[2])), 0o644))
}

// deferring is the little of testing.TB that deploytest wants, for a script.
type deferring struct{ *testscript.TestScript }

func (d deferring) Cleanup(f func())  { d.Defer(f) }
func (d deferring) Helper()           {}
func (d deferring) TempDir() string   { return d.MkAbs(".") }
func (d deferring) Fatal(args ...any) { d.Fatalf("%v", args) }
