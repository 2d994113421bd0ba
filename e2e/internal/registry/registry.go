// Package registry starts the distribution project's registry for tests, as a process of its own behind a proxy that
// writes down every request.
package registry

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
)

// Server is what Build made: the registry's program.
type Server struct{ binary string }

// Build builds the registry.
func Build(t testing.TB) Server {
	t.Helper()
	return Server{program.Build(t, ".", "github.com/rules-apk/rules_apk/e2e/registry/server")}
}

// Options say how a registry is to be.
type Options struct {
	User, Password string // no password is wanted if User is empty
	ReadOnly       bool
	Storage        string // its directory; a new one if empty
}

// Registry is a running registry.
type Registry struct {
	Host string // of the proxy, 127.0.0.1:PORT
	// Fault, if set, sees every request first; if it returns true the request goes no further.
	Fault func(w http.ResponseWriter, r *http.Request) bool

	process *program.Server
	mu      sync.Mutex
	log     []string
}

// Start starts a registry that ends with its test.
func (s Server) Start(t testing.TB, o Options) *Registry {
	t.Helper()
	dir := t.TempDir()
	if o.Storage == "" {
		o.Storage = filepath.Join(dir, "storage")
	}
	address := program.FreeAddress(t)
	config := fmt.Sprintf(`
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: %s}
  maintenance: {readonly: {enabled: %v}}
http: {addr: %s}
`, o.Storage, o.ReadOnly, address)
	if o.User != "" {
		hash, err := bcrypt.GenerateFromPassword([]byte(o.Password), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		passwords := write(t, dir, "htpasswd", o.User+":"+string(hash)+"\n")
		config += fmt.Sprintf("auth: {htpasswd: {realm: test, path: %s}}\n", passwords)
	}
	r := &Registry{}
	r.process = program.Command{
		Name: s.binary, Args: []string{"serve", write(t, dir, "config.yml", config)}, Env: []string{"OTEL_TRACES_EXPORTER=none"},
	}.Start(t, program.Listening("tcp", address))

	target := &url.URL{Scheme: "http", Host: address}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.Host = p.In.Host // the registry's redirects must come back here
		},
		// What does not answer looks to the client as if it were not there.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		path := req.URL.Path
		if i := strings.Index(path, "/blobs/uploads/"); i >= 0 {
			path = path[:i] + "/blobs/uploads"
		}
		r.mu.Lock()
		r.log = append(r.log, req.Method+" "+path)
		r.mu.Unlock()
		if r.Fault == nil || !r.Fault(w, req) {
			proxy.ServeHTTP(w, req)
		}
	}))
	t.Cleanup(front.Close)
	r.Host = strings.TrimPrefix(front.URL, "http://")
	return r
}

// Kill ends the registry at once.
func (r *Registry) Kill() { r.process.Kill() }

// Requests returns what was asked since the last call, "METHOD PATH", without the names of upload sessions.
func (r *Registry) Requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	requests := r.log
	r.log = nil
	return requests
}

// Writes returns those of Requests that write.
func (r *Registry) Writes() []string {
	return slices.DeleteFunc(r.Requests(), func(s string) bool { return strings.HasPrefix(s, "GET ") || strings.HasPrefix(s, "HEAD ") })
}

func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
