package ocipush_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/deploytest"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/registry"
	"github.com/rules-apk/rules_apk/tools/internal/oci/layerspec"
)

// quirk is how a registry, or what stands before it, differs from what the specification wants.
type quirk struct {
	name string
	wrap func(host string, next http.Handler) http.Handler
	// unknown says that the registry does not tell which manifests it has.
	unknown bool
}

// answered is an answer that can still be changed.
type answered struct {
	*httptest.ResponseRecorder
	r *http.Request
}

// change lets f change the answers to requests of a method whose path has a part.
func change(method, part string, f func(a *answered)) func(string, http.Handler) http.Handler {
	return func(_ string, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != method || !strings.Contains(r.URL.Path, part) {
				next.ServeHTTP(w, r)
				return
			}
			a := &answered{httptest.NewRecorder(), r}
			next.ServeHTTP(a, r)
			f(a)
			for key, values := range a.Header() {
				w.Header()[key] = values
			}
			w.WriteHeader(a.Code)
			w.Write(a.Body.Bytes())
		})
	}
}

func without(method, part string, headers ...string) func(string, http.Handler) http.Handler {
	return change(method, part, func(a *answered) {
		for _, header := range headers {
			a.Header()[header] = nil
		}
	})
}

func status(method, part string, from, to int) func(string, http.Handler) http.Handler {
	return change(method, part, func(a *answered) {
		if a.Code == from {
			a.Code = to
		}
	})
}

// refuse answers without asking the registry.
func refuse(code int, body string, when func(*http.Request) bool) func(string, http.Handler) http.Handler {
	return func(_ string, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !when(r) {
				next.ServeHTTP(w, r)
				return
			}
			w.WriteHeader(code)
			io.WriteString(w, body)
		})
	}
}

func is(method, part string) func(*http.Request) bool {
	return func(r *http.Request) bool { return r.Method == method && strings.Contains(r.URL.Path, part) }
}

// once is refuse for the first request of each path, with headers.
func once(code int, body string, when func(*http.Request) bool, headers ...string) func(string, http.Handler) http.Handler {
	return func(_ string, next http.Handler) http.Handler {
		var mu sync.Mutex
		seen := map[string]bool{}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			first := when(r) && !seen[r.Method]
			seen[r.Method] = seen[r.Method] || first
			mu.Unlock()
			if !first {
				next.ServeHTTP(w, r)
				return
			}
			io.Copy(io.Discard, r.Body)
			for i := 0; i < len(headers); i += 2 {
				w.Header().Set(headers[i], headers[i+1])
			}
			w.WriteHeader(code)
			io.WriteString(w, body)
		})
	}
}

func code(text string) string { return `{"errors":[{"code":"` + text + `","message":"m"}]}` }

// tokens is a token server before a registry. It makes a token out of the scopes that grant returns, or refuses.
func tokens(grant func(scopes []string) []string) func(string, http.Handler) http.Handler {
	return func(host string, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/token" {
				scopes := grant(r.URL.Query()["scope"])
				if scopes == nil {
					w.WriteHeader(http.StatusForbidden)
					io.WriteString(w, code("DENIED"))
					return
				}
				json.NewEncoder(w).Encode(map[string]string{"token": url.QueryEscape(strings.Join(scopes, " "))})
				return
			}
			granted, _ := url.QueryUnescape(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
			path := strings.TrimPrefix(r.URL.Path, "/v2/")
			repository, _, _ := strings.Cut(path, "/manifests/")
			repository, _, _ = strings.Cut(repository, "/blobs/")
			action := "pull"
			if r.Method == http.MethodPut || r.Method == http.MethodPost {
				action = "push"
			}
			var have bool
			for _, scope := range strings.Fields(granted) {
				parts := strings.Split(scope, ":")
				have = have || parts[1] == repository && strings.Contains(parts[2], action)
			}
			if from := r.URL.Query().Get("from"); from != "" && !strings.Contains(granted, "repository:"+from+":") {
				have = false
			}
			if have || r.URL.Path == "/v2/" && granted != "" {
				next.ServeHTTP(w, r)
				return
			}
			challenge := `Bearer realm="http://` + host + `/token",service="test"`
			if repository != "" {
				challenge += `,scope="repository:` + repository + `:pull,push"`
			}
			w.Header().Set("WWW-Authenticate", challenge)
			w.WriteHeader(http.StatusUnauthorized)
		})
	}
}

func mounts(r *http.Request) bool { return r.URL.Query().Get("mount") != "" }

func quirks() []quirk {
	return []quirk{
		{name: "none"},
		{name: "HEAD of a manifest without digest", wrap: without("HEAD", "/manifests/", "Docker-Content-Digest")},
		{name: "HEAD of a manifest without anything", wrap: without("HEAD", "/manifests/", "Docker-Content-Digest", "Content-Length", "Content-Type")},
		{name: "HEAD of a manifest with a digest that is none", wrap: change("HEAD", "/manifests/", func(a *answered) { a.Header().Set("Docker-Content-Digest", "none") })},
		{name: "HEAD of manifests 405", wrap: refuse(405, "", is("HEAD", "/manifests/"))},
		{name: "HEAD of manifests 400", wrap: refuse(400, "", is("HEAD", "/manifests/"))},
		{name: "HEAD and GET of manifests 405", wrap: refuse(405, "", func(r *http.Request) bool { return r.Method != "PUT" && strings.Contains(r.URL.Path, "/manifests/") }), unknown: true},
		{name: "what is not there is forbidden", wrap: func(host string, next http.Handler) http.Handler {
			return status("HEAD", "/manifests/", 404, 403)(host, status("HEAD", "/blobs/", 404, 403)(host, next))
		}},
		{name: "HEAD of blobs 403", wrap: refuse(403, "", is("HEAD", "/blobs/"))},
		{name: "HEAD of blobs 405", wrap: refuse(405, "", is("HEAD", "/blobs/"))},
		{name: "HEAD of blobs 400", wrap: refuse(400, "", is("HEAD", "/blobs/"))},
		{name: "HEAD of blobs without length", wrap: without("HEAD", "/blobs/", "Content-Length", "Docker-Content-Digest")},
		{name: "manifests of no type", wrap: change("GET", "/manifests/", func(a *answered) { a.Header().Set("Content-Type", "text/plain; charset=utf-8") })},
		{name: "blob taken with 200", wrap: status("PUT", "/blobs/", 201, 200)},
		{name: "blob taken with 202", wrap: status("PUT", "/blobs/", 201, 202)},
		{name: "blob taken with 204", wrap: status("PUT", "/blobs/", 201, 204)},
		{name: "upload begun with 200", wrap: status("POST", "/blobs/", 202, 200)},
		{name: "upload begun with 204", wrap: status("POST", "/blobs/", 202, 204)},
		{name: "manifest taken with 200", wrap: status("PUT", "/manifests/", 201, 200)},
		{name: "manifest taken with 202", wrap: status("PUT", "/manifests/", 201, 202)},
		{name: "no manifest by digest", wrap: refuse(400, code("TAG_INVALID"), is("PUT", "/manifests/sha256:"))},
		{name: "no manifest by digest, 405", wrap: refuse(405, "", is("PUT", "/manifests/sha256:"))},
		{name: "upload unknown", wrap: once(404, code("BLOB_UPLOAD_UNKNOWN"), is("PUT", "/blobs/"))},
		{name: "upload invalid", wrap: once(400, code("BLOB_UPLOAD_INVALID"), is("PUT", "/blobs/"))},
		{name: "blobs not noticed yet", wrap: once(400, code("MANIFEST_BLOB_UNKNOWN"), is("PUT", "/manifests/"))},
		{name: "blobs not noticed yet, 404", wrap: once(404, code("MANIFEST_BLOB_UNKNOWN"), is("PUT", "/manifests/"))},
		{name: "429 for a second", wrap: once(429, code("TOOMANYREQUESTS"), func(r *http.Request) bool { return r.Method != "GET" }, "Retry-After", "1")},
		{name: "503 until a date", wrap: once(503, "", is("PUT", ""), "Retry-After", time.Now().Add(time.Second).UTC().Format(http.TimeFormat))},
		{name: "500 of a code", wrap: once(500, code("UNKNOWN"), func(r *http.Request) bool { return true })},
		{name: "ping has no page", wrap: func(_ string, next http.Handler) http.Handler {
			return refuse(404, "", func(r *http.Request) bool { return r.URL.Path == "/v2/" })("", next)
		}},
		{name: "relative place to upload to, with a query", wrap: change("POST", "/blobs/", func(a *answered) {
			if u, err := url.Parse(a.Header().Get("Location")); err == nil && u.Path != "" {
				a.Header().Set("Location", u.Path+"?_state=a%2Bb")
			}
		})},
		{name: "mount 401", wrap: refuse(401, "", mounts)},
		{name: "mount 403", wrap: refuse(403, code("DENIED"), mounts)},
		{name: "mount 404", wrap: refuse(404, code("NAME_UNKNOWN"), mounts)},
		{name: "mount 500", wrap: refuse(500, "", mounts)},
		{name: "mount done with 200", wrap: status("POST", "/blobs/", 201, 200)},
		{name: "token server refuses several scopes", wrap: tokens(func(scopes []string) []string {
			if len(scopes) > 1 {
				return nil
			}
			return scopes
		})},
		{name: "token server grants the last scope", wrap: tokens(func(scopes []string) []string { return scopes[len(scopes)-1:] })},
		{name: "token server grants the first scope", wrap: tokens(func(scopes []string) []string { return scopes[:1] })},
		{name: "token server grants all scopes", wrap: tokens(func(scopes []string) []string { return scopes })},
		{name: "blobs at another host", wrap: func(_ string, next http.Handler) http.Handler {
			other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "" {
					w.WriteHeader(http.StatusBadRequest)
					return
				}
				next.ServeHTTP(w, r)
			}))
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == "GET" && strings.Contains(r.URL.Path, "/blobs/") {
					http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
					return
				}
				next.ServeHTTP(w, r)
			})
		}},
	}
}

func quirky(t *testing.T, q quirk) *deploytest.Registry {
	r := deploytest.NewRegistry(t)
	if q.wrap == nil {
		return r
	}
	// What counts requests must live longer than one.
	var once sync.Once
	var handler http.Handler
	r.Wrap = func(next http.Handler) http.Handler {
		once.Do(func() { handler = q.wrap(r.Host, next) })
		return handler
	}
	return r
}

func layerDigest(t *testing.T, l layerspec.Layer) string {
	t.Helper()
	desc, err := l.Read()
	if err != nil {
		t.Fatal(err)
	}
	return desc.Digest.String()
}

// First push, second push, a new tag, the same layers in another repository, and pull, through every quirk.
func TestQuirks(t *testing.T) {
	for _, q := range quirks() {
		t.Run(q.name, func(t *testing.T) {
			t.Parallel()
			r := quirky(t, q)
			files := deploytest.New(t)
			m := files.Image("amd64", "one", "two")
			image := single(m, r.Host+"/app", "latest")
			for i := range 2 {
				result := mustPush(t, pusher(), m.Layers, image)[0]
				if i == 1 && !q.unknown && (result.Blobs[registry.Uploaded] != 0 || len(result.Tagged) != 0) {
					t.Errorf("the second push uploads %d blobs and sets %v", result.Blobs[registry.Uploaded], result.Tagged)
				}
			}
			changed := files.Image("amd64", "one", "three")
			mustPush(t, pusher(), changed.Layers, single(changed, r.Host+"/app", "latest"))
			if got := pulled(t, r.Host+"/app:latest", layerDigest(t, changed.Layers[1])); !q.unknown && got != changed.Digest {
				t.Errorf("latest is %s, want %s", got, changed.Digest)
			}
			other := single(m, r.Host+"/other", "v1")
			other.MountFrom = []string{r.Host + "/app"}
			mustPush(t, pusher(), m.Layers, other)
			if got := pulled(t, r.Host+"/other:v1", layerDigest(t, m.Layers[0])); !q.unknown && got != m.Digest {
				t.Errorf("v1 is %s, want %s", got, m.Digest)
			}
		})
	}
}

// pulled reads what a reference names, and a layer, and returns the digest; "" where the registry tells no manifest.
func pulled(t *testing.T, text, layer string) string {
	t.Helper()
	ref, err := name.ParseReference(text)
	if err != nil {
		t.Fatal(err)
	}
	client := pusher().Registry
	r, err := client.Open(context.Background(), ref.Context(), registry.Access{})
	if err != nil {
		t.Fatal(err)
	}
	body, err := client.BlobReader()(context.Background(), ref.Context().Digest(layer))
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if data, err := io.ReadAll(body); err != nil || len(data) == 0 {
		t.Errorf("layer: %d bytes, %v", len(data), err)
	}
	m, err := r.Get(context.Background(), ref)
	if err != nil {
		return ""
	}
	return m.Digest().String()
}

// What is no registry, or does not keep what it is given, is not taken for one that does.
func TestWhatIsNoSuccess(t *testing.T) {
	page := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<html>welcome</html>")
	}
	endless := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write([]byte(strings.Repeat("x", 1<<20))); err != nil {
				return
			}
		}
	}
	for _, test := range []struct {
		name, want string
		fault      func(w http.ResponseWriter, r *http.Request) bool
	}{
		{"a page for everything", "uploading .*: answered 200 OK|the answer names no place to upload to", func(w http.ResponseWriter, r *http.Request) bool {
			page(w)
			return true
		}},
		{"a page for manifests", "writing manifest sha256:", func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != "PUT" || !strings.Contains(r.URL.Path, "/manifests/") {
				return false
			}
			page(w)
			return true
		}},
		{"a page for blobs", "answered 200 OK, but blob sha256:", func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != "PUT" || !strings.Contains(r.URL.Path, "/blobs/") {
				return false
			}
			io.Copy(io.Discard, r.Body)
			page(w)
			return true
		}},
		{"an endless error", "500 Internal Server Error", func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != "POST" {
				return false
			}
			w.WriteHeader(500)
			endless(w, r)
			return true
		}},
		{"an upload that stays unknown", "BLOB_UPLOAD_UNKNOWN", func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != "PUT" || !strings.Contains(r.URL.Path, "/blobs/") {
				return false
			}
			io.Copy(io.Discard, r.Body)
			w.WriteHeader(404)
			io.WriteString(w, code("BLOB_UPLOAD_UNKNOWN"))
			return true
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := deploytest.NewRegistry(t)
			r.Fault = test.fault
			m := deploytest.New(t).Image("amd64", "one")
			_, err := push(t, pusher(), m.Layers, single(m, r.Host+"/app", "latest"))
			if err == nil || !slices.ContainsFunc(strings.Split(test.want, "|"), func(want string) bool { return strings.Contains(err.Error(), want) }) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			t.Logf("%v", err)
			if len(fmt.Sprint(err)) > 2000 {
				t.Errorf("the error has %d bytes", len(fmt.Sprint(err)))
			}
		})
	}
}

// Streams of HTTP/2 that are reset are tried again.
func TestHTTP2StreamErrors(t *testing.T) {
	r := deploytest.NewRegistry(t)
	var mu sync.Mutex
	broken := map[string]int{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		mu.Lock()
		broken[req.Method]++
		first := broken[req.Method] == 1
		mu.Unlock()
		if req.ProtoMajor != 2 {
			t.Errorf("%s, want HTTP/2", req.Proto)
		}
		if first {
			w.WriteHeader(http.StatusAccepted)
			panic(http.ErrAbortHandler)
		}
		r.ServeHTTP(w, req)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	p := pusher()
	host := strings.Replace(strings.TrimPrefix(server.URL, "https://"), "127.0.0.1", "example.com", 1)
	p.Registry.Transport = &rewrite{server.Client().Transport, strings.TrimPrefix(server.URL, "https://")}
	m := deploytest.New(t).Image("amd64", "one")
	mustPush(t, p, m.Layers, single(m, host+"/app", "latest"))
	if broken["GET"] < 2 || broken["HEAD"] < 2 || broken["PUT"] < 2 || broken["POST"] < 2 {
		t.Errorf("requests: %v, want each broken one again", broken)
	}
}

// rewrite sends everything to one address: a registry on a loopback address is spoken to without TLS.
type rewrite struct {
	base http.RoundTripper
	to   string
}

func (r *rewrite) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.URL.Host = r.to
	return r.base.RoundTrip(req)
}
