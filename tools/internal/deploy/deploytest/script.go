package deploytest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/deployspec"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
)

// Commands are those that scripts about registries and deploy specs use beside testscript's own.
func Commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"registry": cmdRegistry, "spec": cmdSpec, "login": cmdLogin,
	}
}

// registry [STATUS METHOD PATH-PART | password USER:PASSWORD] starts a registry at $REGISTRY, one that fails or wants a
// password.
func cmdRegistry(ts *testscript.TestScript, _ bool, args []string) {
	t := deferring{ts}
	r := NewRegistry(t)
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

// spec FILE COMMAND REPOSITORY TAG[,TAG] ARCH[,ARCH] LAYER... writes a deploy spec of an image, or of an index for two
// archs.
func cmdSpec(ts *testscript.TestScript, _ bool, args []string) {
	t := deferring{ts}
	files := New(t)
	files.Dir = ts.MkAbs(".")
	spec := deployspec.Spec{Version: 1, Command: args[1]}
	image := deployspec.Image{Repository: args[2]}
	if args[3] != "" {
		image.Tags = strings.Split(args[3], ",")
	}
	var manifests []Manifest
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

// deferring is the little of testing.TB that this package wants, for a script.
type deferring struct{ *testscript.TestScript }

func (d deferring) Cleanup(f func())  { d.Defer(f) }
func (d deferring) Helper()           {}
func (d deferring) TempDir() string   { return d.MkAbs(".") }
func (d deferring) Fatal(args ...any) { d.Fatalf("%v", args) }
