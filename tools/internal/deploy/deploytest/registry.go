package deploytest

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/registry"
)

// Registry is a registry in memory that writes down every request, keeps repositories apart, mounts, and fails on
// demand.
type Registry struct {
	Host string // 127.0.0.1:PORT
	// Fault, if it returns true, has answered the request itself, or cut it off.
	Fault func(w http.ResponseWriter, r *http.Request) bool
	// Wrap, if set, is put around the rest of the registry and may change what it answers.
	Wrap func(next http.Handler) http.Handler

	inner http.Handler
	mu    sync.Mutex
	log   []string
	blobs map[string]bool // "repository digest"
}

// NewRegistry starts a registry that ends with its test.
func NewRegistry(t T) *Registry {
	r := &Registry{inner: registry.New(registry.Logger(log.New(io.Discard, "", 0))), blobs: map[string]bool{}}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.Host = strings.TrimPrefix(server.URL, "http://")
	return r
}

// Requests returns what was asked since the last call: "METHOD PATH" with upload sessions' names left out, and the
// pings too.
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

// ServeHTTP answers a request.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	path := strings.TrimSuffix(req.URL.Path, "/")
	if m := regexp.MustCompile(`^(.*/blobs/uploads)/.+$`).FindStringSubmatch(path); m != nil {
		path = m[1]
	}
	if from := req.URL.Query().Get("from"); from != "" {
		path += " from " + from
	}
	r.mu.Lock()
	r.log = append(r.log, req.Method+" "+path)
	r.mu.Unlock()
	if r.Fault != nil && r.Fault(w, req) {
		return
	}
	var rest http.Handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !r.blob(w, req) {
			r.inner.ServeHTTP(w, req)
		}
	})
	if r.Wrap != nil {
		rest = r.Wrap(rest)
	}
	rest.ServeHTTP(w, req)
}

// blob does what the registry in memory lacks: it has one set of blobs for all repositories.
func (r *Registry) blob(w http.ResponseWriter, req *http.Request) bool {
	repository, rest, ok := strings.Cut(strings.TrimPrefix(req.URL.Path, "/v2/"), "/blobs/")
	if !ok {
		return false
	}
	query := req.URL.Query()
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case req.Method == http.MethodHead && !r.blobs[repository+" "+rest]:
		w.WriteHeader(http.StatusNotFound)
		return true
	case req.Method == http.MethodPost && r.blobs[query.Get("from")+" "+query.Get("mount")]:
		r.blobs[repository+" "+query.Get("mount")] = true
		w.WriteHeader(http.StatusCreated)
		return true
	case req.Method == http.MethodPut:
		// The lock must not be held while a body is read.
		r.mu.Unlock()
		recorder := &statusRecorder{ResponseWriter: w}
		r.inner.ServeHTTP(recorder, req)
		r.mu.Lock()
		if recorder.status == http.StatusCreated {
			r.blobs[repository+" "+query.Get("digest")] = true
		}
		return true
	}
	return false
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (s *statusRecorder) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}
