package goimage

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/e2e/internal/image"
	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/registry"
	"github.com/rules-apk/rules_apk/e2e/internal/runc"
)

const pulledBuild = `
load("@rules_apk//oci:defs.bzl", "oci_binary_image", "oci_layout", "oci_load", "oci_push", "oci_test")

oci_binary_image(
    name = "image",
    base = "@pulled",
    binary = "//:hello",
    cmd = ["pulled"],
    platforms = ["@rules_go//go/toolchain:linux_amd64", "@rules_go//go/toolchain:linux_arm64"],
)

oci_layout(name = "layout", image = ":image")

oci_push(name = "push", image = ":image", repository = "registry.invalid/image")

oci_push(name = "mirror", image = "@pulled", repository = "registry.invalid/image")

oci_load(name = "load", image = ":image", repository = "image")
`

// pulled builds on an image of a registry, and counts what is asked of it.
func (e *env) pulled(t *testing.T) {
	storage := filepath.Join(t.TempDir(), "storage")
	r := e.server.Start(t, registry.Options{Storage: storage})
	// Bazel's cache of downloads outlives the test.
	text := time.Now().String() + "\n"
	index := image.Index(t, base(t, "amd64", text), base(t, "arm64", "arm64, "+text))
	pushed, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	program.Require(t, "skopeo")
	program.Run(t, "skopeo", "copy", "--all", "--dest-tls-verify=false", "--preserve-digests",
		"oci:"+image.Write(t, index), "docker://"+r.Host+"/base:v1")
	r.Requests()

	plain := e.w.Read(t, "MODULE.bazel")
	pull := func(reference string) {
		e.w.Write(t, "MODULE.bazel", plain+`oci.pull(name = "pulled", image = "`+reference+`")`+"\nuse_repo(oci, \"pulled\")\n")
	}
	defer e.w.Write(t, "MODULE.bazel", plain)
	e.w.Write(t, "pulled/BUILD.bazel", pulledBuild)
	defer os.RemoveAll(filepath.Join(e.w.Dir, "pulled"))

	pull(r.Host + "/base:v1")
	if got := e.w.Try(t, "build", "//pulled:image"); got.Err == nil || !strings.Contains(got.Stderr, "want one with a digest, "+r.Host+"/base@sha256:") ||
		!strings.Contains(got.Stderr, "bazel run @rules_apk//tools:ocideploy -- digest "+r.Host+"/base:v1") {
		t.Errorf("want it said how to get the digest, got %s", got)
	}
	reference := strings.TrimSpace(e.w.Bazel(t, "run", "@rules_apk//tools:ocideploy", "--", "digest", r.Host+"/base:v1"))
	if want := r.Host + "/base@" + pushed.String(); reference != want {
		t.Fatalf("digest says %q, want %s", reference, want)
	}
	pull(reference)
	r.Requests()

	layerOf := map[string]bool{}
	var amd64 v1.Hash
	for arch, text := range map[string]string{"amd64": text, "arm64": "arm64, " + text} {
		built := base(t, arch, text)
		manifest, err := built.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		if arch == "amd64" {
			if amd64, err = built.Digest(); err != nil {
				t.Fatal(err)
			}
		}
		layerOf[manifest.Layers[0].Digest.String()] = true
	}
	fetched := func(requests []string) (layers, others int) {
		for _, request := range requests {
			path, ok := strings.CutPrefix(request, "GET /v2/base/blobs/")
			switch {
			case ok && layerOf[path]:
				layers++
			case ok:
				others++
			}
		}
		return layers, others
	}

	// The build: documents only.
	e.build(t, "//pulled:image", "//pulled:push", "//pulled:load")
	requests := r.Requests()
	if layers, configs := fetched(requests); layers != 0 || configs != 2 {
		t.Errorf("the build made %q, want two configs and no layer", requests)
	}
	t.Logf("requests of the build: %d", len(requests))

	// A query loads the images for all platforms, also those that it does not have.
	if deps := e.w.Bazel(t, "query", "deps(//pulled:image)"); !strings.Contains(deps, "amd64//:image") || !strings.Contains(deps, "s390x//:image") {
		t.Errorf("the query shows %s", deps)
	}
	wrong := e.w.Try(t, "build", "--platforms=@rules_go//go/toolchain:linux_s390x", "@pulled//:pulled")
	if want := "/base@" + pushed.String() + " has no image for linux/s390x, only for linux/amd64, linux/arm64"; wrong.Err == nil || !strings.Contains(wrong.Stderr, want) {
		t.Errorf("want %q, got %s", want, wrong)
	}
	r.Requests()

	// A push to the same registry: the base's layers are mounted.
	e.w.Bazel(t, "run", "//pulled:push", "--", "--repository="+r.Host+"/image")
	requests = r.Requests()
	if layers, _ := fetched(requests); layers != 0 || count(requests, "PUT /v2/image/blobs/") != 4 {
		t.Errorf("the push made %q, want two programs and two configs uploaded, and no layer of the base downloaded", requests)
	}

	// A push to another: they travel.
	other := e.server.Start(t, registry.Options{})
	e.w.Bazel(t, "run", "//pulled:push", "--", "--repository="+other.Host+"/image")
	if layers, _ := fetched(r.Requests()); layers != 2 {
		t.Errorf("the push to another registry downloaded %d layers, want 2", layers)
	}
	if writes := other.Writes(); count(writes, "PUT /v2/image/blobs/") != 6 {
		t.Errorf("got %q, want 6 blobs", writes)
	}
	// The image itself, elsewhere, is still the same.
	out := e.w.Bazel(t, "run", "//pulled:mirror", "--", "--repository="+other.Host+"/mirror")
	if want := other.Host + "/mirror@" + amd64.String(); !strings.Contains(out, want) {
		t.Errorf("got %q, want %s", out, want)
	}
	r.Requests()

	// Loads get the layers of one platform; a layout those of all.
	tar := filepath.Join(t.TempDir(), "image.tar")
	e.w.Bazel(t, "run", "//pulled:load", "--", "--output="+tar)
	if layers, _ := fetched(r.Requests()); layers != 1 {
		t.Errorf("the load downloaded %d layers, want 1", layers)
	}
	e.build(t, "//pulled:layout")
	if layers, _ := fetched(r.Requests()); layers != 2 {
		t.Errorf("the layout downloaded %d layers, want 2", layers)
	}
	got := runc.New(t, e.layout(t, "pulled/layout"), "amd64").Run(t, "/app/hello", "cat", "/etc/base")
	if got.Err != nil || got.Stdout != text {
		t.Error(got)
	}

	e.tokens(t, storage, pull, pushed)
	e.parts(t, storage, plain, pushed)

	// With a password.
	closed := e.server.Start(t, registry.Options{Storage: storage, User: "user", Password: "secret"})
	pull(closed.Host + "/base@" + pushed.String())
	if got := e.w.Try(t, "build", "--repository_cache=", "//pulled:image"); got.Err == nil || !strings.Contains(got.Stderr, "401") ||
		!strings.Contains(got.Stderr, closed.Host+"/base: cannot fetch manifests/"+pushed.String()) {
		t.Errorf("want the missing password named, got %s", got)
	}
	e.login(t, closed.Host)
	e.w.Bazel(t, "run", "--repository_cache=", "//pulled:load", "--", "--output="+tar)
	requests = closed.Requests()
	if layers, configs := fetched(requests); layers != 1 || configs != 2 {
		t.Errorf("got %q, want a layer and two configs", requests)
	}

	// The password that Docker's config.json has itself.
	again := e.server.Start(t, registry.Options{Storage: storage, User: "user", Password: "secret"})
	dir := t.TempDir()
	config := fmt.Sprintf(`{"auths":{%q:{"auth":"dXNlcjpzZWNyZXQ="}}}`, again.Host)
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("NETRC", os.DevNull)
	t.Setenv("DOCKER_CONFIG", dir)
	pull(again.Host + "/base@" + pushed.String())
	e.w.Bazel(t, "run", "--repository_cache=", "//pulled:load", "--", "--output="+tar)
	requests = again.Requests()
	if layers, configs := fetched(requests); layers != 1 || configs != 2 {
		t.Errorf("got %q, want a layer and two configs", requests)
	}
}

// parts names an image in parts, as programs that raise versions want it, and where else it is.
func (e *env) parts(t *testing.T, storage, plain string, digest v1.Hash) {
	t.Helper()
	mirror := e.server.Start(t, registry.Options{Storage: storage})
	e.w.Write(t, "MODULE.bazel", plain+fmt.Sprintf("oci.pull(name = \"pulled\", image = \"registry.invalid/base\", tag = \"v1\", digest = %q, mirrors = [%q])\n",
		digest.String(), mirror.Host+"/base")+"use_repo(oci, \"pulled\")\n")
	e.w.Bazel(t, "run", "--repository_cache=", "//pulled:load", "--", "--output="+filepath.Join(t.TempDir(), "image.tar"))
	if requests := mirror.Requests(); count(requests, "GET /v2/base/blobs/") != 3 {
		t.Errorf("got %q, want two configs and a layer", requests)
	}
	e.w.Write(t, "MODULE.bazel", plain+fmt.Sprintf("oci.pull(name = \"pulled\", image = \"a.example/base:v2\", tag = \"v1\", digest = %q)\nuse_repo(oci, \"pulled\")\n", digest.String()))
	if got := e.w.Try(t, "build", "//pulled:image"); got.Err == nil || !strings.Contains(got.Stderr, "has the tag v2, and tag is v1; want one of them") {
		t.Errorf("want the two tags named, got %s", got)
	}
}

// tokens pulls from what Bazel is told is Docker Hub, which is asked for a token first. That the token then is shown is
// not seen here: Bazel does not pass it on to where it has been told to go instead.
func (e *env) tokens(t *testing.T, storage string, pull func(string), digest v1.Hash) {
	t.Helper()
	hub := e.server.Start(t, registry.Options{Storage: storage})
	var asked atomic.Int32
	hub.Fault = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/token" && r.URL.RawQuery == "service=registry.docker.io&scope=repository:base/base:pull" {
			asked.Add(1)
			fmt.Fprint(w, `{"token":"for anybody"}`)
			return true
		}
		r.URL.Path = strings.Replace(r.URL.Path, "/base/base/", "/base/", 1)
		return false
	}
	rewrite := filepath.Join(t.TempDir(), "downloader.cfg")
	rules := "rewrite auth.docker.io/(.*) http://" + hub.Host + "/$1\nrewrite registry-1.docker.io/(.*) http://" + hub.Host + "/$1\n"
	if err := os.WriteFile(rewrite, []byte(rules), 0o644); err != nil {
		t.Fatal(err)
	}
	pull("base/base:v1@" + digest.String())
	e.w.Bazel(t, "build", "--repository_cache=", "--experimental_downloader_config="+rewrite, "//pulled:image")
	if requests := hub.Requests(); asked.Load() == 0 || count(requests, "GET /v2/base/base/blobs/") != 2 {
		t.Errorf("got %q, want tokens and two configs", requests)
	}
}

// login gives Bazel and ocideploy the registry's password, each in its own way.
func (e *env) login(t *testing.T, host string) {
	t.Helper()
	dir := t.TempDir()
	name, _, _ := strings.Cut(host, ":")
	netrc := filepath.Join(dir, "netrc")
	if err := os.WriteFile(netrc, []byte("machine "+name+" login user password secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := json.Marshal(map[string]any{"auths": map[string]any{host: map[string]string{"username": "user", "password": "secret"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), config, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("NETRC", netrc)
	t.Setenv("DOCKER_CONFIG", dir)
}
