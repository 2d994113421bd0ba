// Package registry tests ocideploy with the real thing: the distribution project's registry, skopeo and containerd.
package registry

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/e2e/internal/image"
	"github.com/rules-apk/rules_apk/e2e/internal/ocideploy"
	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/registry"
)

// One test holds all of them: the two programs are built once.
func TestPush(t *testing.T) {
	e := &env{server: registry.Build(t), deploy: ocideploy.Build(t)}
	t.Run("all the way", e.allTheWay)
	t.Run("cut off", e.cutOff)
	t.Run("wrong password", e.wrongPassword)
	t.Run("read-only", e.readOnly)
	t.Run("killed", e.killed)
	t.Run("blob changed", e.blobChanged)
	t.Run("registry's disk full", e.registryFull)
}

type env struct {
	server registry.Server
	deploy ocideploy.Binary
}

// layers of a small base and of a big noisy application.
func noise(seed int64, size int) []byte {
	data := make([]byte, size)
	rand.New(rand.NewSource(seed)).Read(data)
	return data
}

func app(t *testing.T, arch string, seed int64) v1.Image {
	t.Helper()
	return image.New(t, arch, []string{"/app"},
		image.Layer(t, image.File{Name: "base", Mode: 0o644, Body: noise(1, 1<<20)}),
		image.Layer(t, image.File{Name: "app", Mode: 0o755, Body: noise(seed, 8<<20)}))
}

func digestOf(t *testing.T, what interface{ Digest() (v1.Hash, error) }) string {
	t.Helper()
	digest, err := what.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

// home makes a home directory with Docker's credentials for a registry.
func home(t *testing.T, host, user, password string) string {
	t.Helper()
	dir := t.TempDir()
	text := fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, host, base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
	if err := os.MkdirAll(filepath.Join(dir, ".docker"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".docker/config.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (e *env) push(t *testing.T, home, spec string, flags ...string) program.Result {
	t.Helper()
	return e.deploy.Command(home, append([]string{"push", "--spec=" + spec}, flags...)...).Run(t)
}

func count(list []string, prefix string) int {
	n := 0
	for _, s := range list {
		if strings.HasPrefix(s, prefix) {
			n++
		}
	}
	return n
}

func (e *env) allTheWay(t *testing.T) {
	r := e.server.Start(t, registry.Options{User: "user", Password: "secret"})
	home := home(t, r.Host, "user", "secret")
	index := image.Index(t, app(t, "amd64", 2), app(t, "arm64", 3))
	digest := digestOf(t, index)
	dir := image.Write(t, index)
	spec := ocideploy.Spec(t, dir, "push", r.Host+"/team/app", "latest", "v1")

	first := e.push(t, home, spec)
	if want := r.Host + "/team/app@" + digest + "\n"; first.Err != nil || first.Stdout != want {
		t.Fatalf("want %s\ngot %s", want, first)
	}
	if writes := r.Writes(); count(writes, "PUT /v2/team/app/blobs/") != 5 || count(writes, "PUT /v2/team/app/manifests/") != 5 {
		t.Errorf("got %q, want three layers and two configs, two manifests, the index and two tags", writes)
	}

	second := e.push(t, home, spec)
	if requests := r.Requests(); second.Err != nil || count(requests, "") > 6 || count(requests, "GET ")+count(requests, "HEAD ") != len(requests) {
		t.Errorf("the second push made %q, want a few reads\n%s", requests, second)
	}

	// Another repository: mounted, nothing uploaded but the manifests.
	mount := ocideploy.Spec(t, dir, "push", r.Host+"/team/copy", "latest")
	withMount := edit(t, mount, func(image map[string]any) { image["mount_from"] = []string{r.Host + "/team/app"} })
	third := e.push(t, home, withMount)
	if writes := r.Writes(); third.Err != nil || count(writes, "PUT /v2/team/copy/blobs/") != 0 || count(writes, "POST ") != 5 {
		t.Errorf("got %q, want five mounts\n%s", writes, third)
	}

	// The tag moves to another image, whose base is there.
	next := image.Index(t, app(t, "amd64", 4))
	moved := e.push(t, home, ocideploy.Spec(t, image.Write(t, next), "push", r.Host+"/team/app", "latest"))
	if writes := r.Writes(); moved.Err != nil || count(writes, "PUT /v2/team/app/blobs/") != 2 || !strings.Contains(moved.Stderr, "set tag latest") {
		t.Errorf("got %q, want one layer and a config\n%s", writes, moved)
	}

	t.Run("skopeo", func(t *testing.T) {
		program.Require(t, "skopeo")
		for tag, want := range map[string]string{"latest": digestOf(t, next), "v1": digest} {
			ref := "docker://" + r.Host + "/team/app:" + tag
			if got := strings.TrimSpace(program.Run(t, "skopeo", "inspect", "--tls-verify=false", "--creds=user:secret", "--format={{.Digest}}", ref)); got != want {
				t.Errorf("%s: got %s, want %s", tag, got, want)
			}
			out := t.TempDir()
			program.Run(t, "skopeo", "copy", "--all", "--src-tls-verify=false", "--src-creds=user:secret", ref, "oci:"+out)
			if _, err := os.Stat(filepath.Join(out, "blobs/sha256", strings.TrimPrefix(want, "sha256:"))); err != nil {
				t.Errorf("%s: the copy has no %s", tag, want)
			}
		}
	})
	t.Run("containerd", func(t *testing.T) {
		ctr := startContainerd(t)
		ref := r.Host + "/team/app@" + digest
		ctr("image", "pull", "--plain-http", "--user", "user:secret", "--platform", "linux/arm64", ref)
		if list := ctr("image", "ls"); !strings.Contains(list, digest) {
			t.Errorf("got %s, want %s", list, digest)
		}
	})
}

func edit(t *testing.T, path string, change func(image map[string]any)) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var spec map[string]any
	if err := json.Unmarshal(text, &spec); err != nil {
		t.Fatal(err)
	}
	change(spec["images"].([]any)[0].(map[string]any))
	if text, err = json.Marshal(spec); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// A push that is cut off leaves no tag; repeated, it sends only what was lost.
func (e *env) cutOff(t *testing.T) {
	r := e.server.Start(t, registry.Options{})
	spec := ocideploy.Spec(t, image.Write(t, app(t, "amd64", 5)), "push", r.Host+"/app", "latest")
	var cut atomic.Bool
	cut.Store(true)
	r.Fault = func(w http.ResponseWriter, req *http.Request) bool {
		if req.Method == http.MethodPut && req.ContentLength > 4<<20 && cut.Load() {
			io.CopyN(io.Discard, req.Body, 2<<20)
			panic(http.ErrAbortHandler)
		}
		return false
	}
	failed := e.push(t, t.TempDir(), spec)
	if failed.Code != 1 || failed.Stdout != "" || !strings.Contains(failed.Stderr, "went away in the middle") {
		t.Errorf("want a failure that says so, got %s", failed)
	}
	if requests := r.Requests(); count(requests, "PUT /v2/app/manifests/") != 0 || count(requests, "PUT ") < 4 {
		t.Errorf("got %q, want several attempts and no manifest", requests)
	}
	cut.Store(false)
	again := e.push(t, t.TempDir(), spec)
	if writes := r.Writes(); again.Err != nil || count(writes, "PUT /v2/app/blobs/") != 1 {
		t.Errorf("got %q, want the one layer that was cut off\n%s", writes, again)
	}
}

func (e *env) wrongPassword(t *testing.T) {
	r := e.server.Start(t, registry.Options{User: "user", Password: "secret"})
	spec := ocideploy.Spec(t, image.Write(t, app(t, "amd64", 6)), "push", r.Host+"/app", "latest")
	for name, home := range map[string]string{"wrong": home(t, r.Host, "user", "guess"), "none": t.TempDir()} {
		result := e.push(t, home, spec)
		if result.Code != 1 || !strings.Contains(result.Stderr, "docker login "+r.Host) || !strings.Contains(result.Stderr, "401") {
			t.Errorf("%s: want advice to log in, got %s", name, result)
		}
	}
	if writes := r.Writes(); len(writes) != 0 {
		t.Errorf("got %q, want nothing written", writes)
	}
}

func (e *env) readOnly(t *testing.T) {
	r := e.server.Start(t, registry.Options{ReadOnly: true})
	result := e.push(t, t.TempDir(), ocideploy.Spec(t, image.Write(t, app(t, "amd64", 7)), "push", r.Host+"/app", "latest"))
	if result.Code != 1 || !strings.Contains(result.Stderr, r.Host+" is read-only") || strings.Contains(result.Stderr, "trying again") {
		t.Errorf("want it called read-only at once, got %s", result)
	}
}

// The registry dies in the middle of a layer, and stays dead.
func (e *env) killed(t *testing.T) {
	r := e.server.Start(t, registry.Options{})
	var once atomic.Bool
	r.Fault = func(w http.ResponseWriter, req *http.Request) bool {
		if req.Method == http.MethodPut && req.ContentLength > 4<<20 && once.CompareAndSwap(false, true) {
			req.Body = &after{ReadCloser: req.Body, n: 2 << 20, do: r.Kill}
		}
		return false
	}
	result := e.push(t, t.TempDir(), ocideploy.Spec(t, image.Write(t, app(t, "amd64", 8)), "push", r.Host+"/app", "latest"))
	if result.Code != 1 || result.Stdout != "" || !strings.Contains(result.Stderr, r.Host+" cannot be reached, or went away") {
		t.Errorf("want it said that the registry went away, got %s", result)
	}
	if !once.Load() {
		t.Error("the registry was not killed in the middle of a layer")
	}
}

// after does something once n bytes have been read.
type after struct {
	io.ReadCloser
	n  int
	do func()
}

func (a *after) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	if a.n > 0 && a.n <= n {
		a.do()
	}
	a.n -= n
	return n, err
}

func (e *env) blobChanged(t *testing.T) {
	r := e.server.Start(t, registry.Options{})
	content := app(t, "amd64", 9)
	dir := image.Write(t, content)
	layers, err := content.Layers()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "blobs/sha256", strings.TrimPrefix(digestOf(t, layers[1]), "sha256:"))
	spec := ocideploy.Spec(t, dir, "push", r.Host+"/app", "latest")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, wrong := range map[string][]byte{"has sha256:": append([]byte{data[0] ^ 1}, data[1:]...), "ends after": data[:5<<20]} {
		if err := os.WriteFile(path, wrong, 0o644); err != nil {
			t.Fatal(err)
		}
		result := e.push(t, t.TempDir(), spec)
		if result.Code != 1 || !strings.Contains(result.Stderr, path+" "+name) || !strings.Contains(result.Stderr, "build again") {
			t.Errorf("want %q, got %s", name, result)
		}
	}
	if writes := r.Writes(); count(writes, "PUT /v2/app/manifests/") != 0 {
		t.Errorf("got %q, want no manifest", writes)
	}
}

// A registry whose own disk is full answers with an error, which is passed on.
func (e *env) registryFull(t *testing.T) {
	r := e.server.Start(t, registry.Options{Storage: filepath.Join(smallDisk(t, "3m"), "storage")})
	result := e.push(t, t.TempDir(), ocideploy.Spec(t, image.Write(t, app(t, "amd64", 10)), "push", r.Host+"/app", "latest"))
	if result.Code != 1 || !strings.Contains(result.Stderr, r.Host+"/app: uploading sha256:") {
		t.Errorf("want an error that names repository and blob, got %s", result)
	}
	if writes := r.Writes(); count(writes, "PUT /v2/app/manifests/") != 0 {
		t.Errorf("got %q, want no manifest", writes)
	}
}
