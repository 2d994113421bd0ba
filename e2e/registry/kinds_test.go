package registry

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	ggcr "github.com/google/go-containerregistry/pkg/registry"

	"github.com/rules-apk/rules_apk/e2e/internal/image"
	"github.com/rules-apk/rules_apk/e2e/internal/ocideploy"
	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/registry"
)

// TestKinds pushes to registries of several makers: for the first and the second time, to another repository, over a
// connection that breaks, and a tag that moves.
func TestKinds(t *testing.T) {
	deploy := ocideploy.Build(t)
	for kind, start := range map[string]func(*testing.T) string{
		"distribution": func(t *testing.T) string { return registry.Build(t).Start(t, registry.Options{}).Host },
		"go-containerregistry": func(t *testing.T) string {
			server := httptest.NewServer(ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))))
			t.Cleanup(server.Close)
			return strings.TrimPrefix(server.URL, "http://")
		},
		"zot": zot,
	} {
		t.Run(kind, func(t *testing.T) { pushToKind(t, deploy, start(t)) })
	}
}

func pushToKind(t *testing.T, deploy ocideploy.Binary, backend string) {
	var cut atomic.Bool
	host := cutting(t, backend, &cut)
	home := t.TempDir()
	index := image.Index(t, app(t, "amd64", 2), app(t, "arm64", 3))
	dir := image.Write(t, index)
	push := func(spec, want string) {
		t.Helper()
		r := deploy.Command(home, "push", "--spec="+spec).Run(t)
		if r.Err != nil || !strings.Contains(r.Stderr, want) {
			t.Fatalf("want %q, got %s", want, r)
		}
		t.Log(strings.TrimSpace(r.Stderr[strings.LastIndex(strings.TrimSpace(r.Stderr), "\n")+1:]))
	}
	push(ocideploy.Spec(t, dir, "push", host+"/team/app", "latest", "v1"), "uploaded 5 blobs")
	push(ocideploy.Spec(t, dir, "push", host+"/team/app", "latest", "v1"), "uploaded 0 blobs (0 B), set no tag anew")
	copied := edit(t, ocideploy.Spec(t, dir, "push", host+"/team/copy", "latest"), func(image map[string]any) { image["mount_from"] = []string{host + "/team/app"} })
	push(copied, "uploaded 0 blobs (0 B)")
	next := image.Index(t, app(t, "amd64", 4))
	cut.Store(true)
	push(ocideploy.Spec(t, image.Write(t, next), "push", host+"/team/app", "latest"), "uploaded 2 blobs")
	if cut.Load() {
		t.Error("no connection was cut")
	}
	for tag, want := range map[string]string{"team/app:latest": digestOf(t, next), "team/app:v1": digestOf(t, index), "team/copy:latest": digestOf(t, index)} {
		r := deploy.Command(home, "digest", host+"/"+tag).Run(t)
		if repository, _, _ := strings.Cut(tag, ":"); r.Stdout != host+"/"+repository+"@"+want+"\n" {
			t.Errorf("%s: want %s, got %s", tag, want, r)
		}
	}
}

// cutting is a proxy that breaks one upload off if it is told to.
func cutting(t *testing.T, backend string, cut *atomic.Bool) string {
	t.Helper()
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(&url.URL{Scheme: "http", Host: backend})
			p.Out.Host = p.In.Host
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/blobs/") && cut.CompareAndSwap(true, false) {
			io.CopyN(io.Discard, r.Body, 1000)
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	return strings.TrimPrefix(front.URL, "http://")
}

// zot starts the zot that is installed.
func zot(t *testing.T) string {
	t.Helper()
	binary := ""
	for _, name := range []string{"zot", "zot-minimal"} {
		if found, err := exec.LookPath(name); err == nil {
			binary = found
		}
	}
	if binary == "" {
		t.Skip("SKIPPED: no zot in PATH")
	}
	address := program.FreeAddress(t)
	ip, port, _ := strings.Cut(address, ":")
	config := filepath.Join(t.TempDir(), "config.json")
	text := fmt.Sprintf(`{"storage":{"rootDirectory":%q},"http":{"address":%q,"port":%q,"compat":["docker2s2"]},"log":{"level":"error"}}`, t.TempDir(), ip, port)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	program.Command{Name: binary, Args: []string{"serve", config}}.Start(t, program.Listening("tcp", address))
	return address
}
