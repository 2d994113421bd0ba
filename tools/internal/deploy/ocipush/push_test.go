package ocipush_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/deployment"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/deployspec"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/deploytest"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/ociblob"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/ocipush"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/registry"
	"github.com/rules-apk/rules_apk/tools/internal/fetch"
	"github.com/rules-apk/rules_apk/tools/internal/oci/layerspec"
)

func single(m deploytest.Manifest, repository string, tags ...string) deployspec.Image {
	return deployspec.Image{Descriptor: m.Descriptor, Manifests: []deployspec.Manifest{m.Manifest}, Repository: repository, Tags: tags}
}

func pusher() *ocipush.Pusher {
	return &ocipush.Pusher{Jobs: 4, Registry: &registry.Client{
		Transport: http.DefaultTransport.(*http.Transport).Clone(), Keychain: authn.NewMultiKeychain(), Retry: fetch.Retry{Attempts: 3, Wait: time.Millisecond},
	}}
}

func push(t *testing.T, p *ocipush.Pusher, layers []layerspec.Layer, images ...deployspec.Image) ([]*ocipush.Result, error) {
	t.Helper()
	d, err := deployment.Read(&deployspec.Spec{Images: images, Layers: layers})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return p.Push(ctx, d)
}

func mustPush(t *testing.T, p *ocipush.Pusher, layers []layerspec.Layer, images ...deployspec.Image) []*ocipush.Result {
	t.Helper()
	results, err := push(t, p, layers, images...)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func count(requests []string, prefix string) int {
	n := 0
	for _, r := range requests {
		if strings.HasPrefix(r, prefix) {
			n++
		}
	}
	return n
}

func TestPushOrderAndAgain(t *testing.T) {
	r := deploytest.NewRegistry(t)
	m := deploytest.New(t).Image("amd64", "one", "two", "one")
	image := single(m, r.Host+"/app", "latest", "v1")
	result := mustPush(t, pusher(), m.Layers, image)[0]
	if want := r.Host + "/app@" + m.Digest; result.Reference != want {
		t.Errorf("got reference %s, want %s", result.Reference, want)
	}
	if got := fmt.Sprint(result.Blobs, result.Tagged); got != "map[uploaded:3] [latest v1]" {
		t.Errorf("got %s, want 3 uploads (the layer that is there twice goes up once) and two tags", got)
	}
	writes := r.Writes()
	var put []string
	for _, w := range writes {
		if strings.HasPrefix(w, "PUT ") {
			put = append(put, strings.Replace(w, m.Digest, "DIGEST", 1))
		}
	}
	want := []string{
		"PUT /v2/app/blobs/uploads", "PUT /v2/app/blobs/uploads", "PUT /v2/app/blobs/uploads",
		"PUT /v2/app/manifests/DIGEST", "PUT /v2/app/manifests/latest", "PUT /v2/app/manifests/v1",
	}
	if !slices.Equal(put, want) {
		t.Errorf("got writes\n%s\nwant\n%s", strings.Join(put, "\n"), strings.Join(want, "\n"))
	}

	mustPush(t, pusher(), m.Layers, image)
	if again := r.Requests(); count(again, "HEAD /v2/app/manifests/") != 3 || count(again, "") != 4 && count(again, "") != 5 {
		t.Errorf("the second push asks %v, want a ping and three manifests", again)
	}

	image.Tags = []string{"v2"}
	mustPush(t, pusher(), m.Layers, image)
	if writes := r.Writes(); len(writes) != 1 || writes[0] != "PUT /v2/app/manifests/v2" {
		t.Errorf("a new tag writes %v, want only itself", writes)
	}
}

func TestPushIndexReusesManifests(t *testing.T) {
	r := deploytest.NewRegistry(t)
	files := deploytest.New(t)
	amd64, arm64 := files.Image("amd64", "one", "two"), files.Image("arm64", "one", "three")
	index := files.Index(amd64, arm64)
	layers := append(amd64.Layers, arm64.Layers...)
	mustPush(t, pusher(), layers, single(amd64, r.Host+"/app"))
	r.Requests()
	results := mustPush(t, pusher(), layers, deployspec.Image{
		Descriptor: index.Descriptor, Index: index.Index, Manifests: []deployspec.Manifest{amd64.Manifest, arm64.Manifest},
		Repository: r.Host + "/app", Tags: []string{"latest"},
	})
	if got := fmt.Sprint(results[0].Blobs); got != "map[existed:1 uploaded:2]" {
		t.Errorf("got %s, want the shared layer there and two blobs uploaded", got)
	}
	writes := r.Writes()
	if n := count(writes, "PUT /v2/app/manifests/"); n != 3 || writes[len(writes)-2] != "PUT /v2/app/manifests/"+index.Digest {
		t.Errorf("got %v, want the arm64 manifest, the index and the tag", writes)
	}
}

func TestPushMounts(t *testing.T) {
	r := deploytest.NewRegistry(t)
	files := deploytest.New(t)
	base, app := files.Image("amd64", "one", "two"), files.Image("amd64", "one", "two", "three")
	mustPush(t, pusher(), base.Layers, single(base, r.Host+"/base"))
	r.Requests()

	image := single(app, r.Host+"/app")
	image.MountFrom = []string{"other.example.com/base", r.Host + "/nothing", r.Host + "/base"}
	result := mustPush(t, pusher(), app.Layers, image)[0]
	if got := fmt.Sprint(result.Blobs); got != "map[mounted:2 uploaded:2]" {
		t.Errorf("got %s, want two layers mounted, a layer and a config uploaded", got)
	}
	if writes := r.Writes(); count(writes, "PUT /v2/app/blobs/") != 2 || count(writes, "POST /v2/app/blobs/uploads from base") != 4 {
		t.Errorf("got %v", writes)
	}

	// One run to two repositories uploads once.
	other := files.Image("amd64", "four", "five")
	results := mustPush(t, pusher(), other.Layers, single(other, r.Host+"/xx"), single(other, r.Host+"/yy", "v1"))
	if got := fmt.Sprint(results[0].Blobs, results[1].Blobs); got != "map[uploaded:3] map[mounted:3]" {
		t.Errorf("got %s, want 3 uploaded and then mounted", got)
	}
}

func TestPushDryRunWritesNothing(t *testing.T) {
	r := deploytest.NewRegistry(t)
	m := deploytest.New(t).Image("amd64", "one", "two")
	p := pusher()
	p.DryRun = true
	result := mustPush(t, p, m.Layers, single(m, r.Host+"/app", "latest"))[0]
	if got := fmt.Sprint(result.Blobs, result.Tagged); got != "map[uploaded:3] [latest]" {
		t.Errorf("got %s, want three blobs and a tag", got)
	}
	if writes := r.Writes(); len(writes) != 0 {
		t.Errorf("got %v, want no writes", writes)
	}
}

func TestPushProgressEndsAtTotal(t *testing.T) {
	r := deploytest.NewRegistry(t)
	m := deploytest.New(t).Image("amd64", "one", "two", noise(1<<20))
	var fail atomic.Int32
	r.Fault = func(w http.ResponseWriter, req *http.Request) bool {
		// The first two uploads are cut off after some bytes.
		if req.Method != http.MethodPut || !strings.Contains(req.URL.Path, "/blobs/") || fail.Add(1) > 2 {
			return false
		}
		io.CopyN(io.Discard, req.Body, 1000)
		panic(http.ErrAbortHandler)
	}
	var total, done atomic.Int64
	p := pusher()
	p.Progress = ocipush.Progress{Total: func(n int64) { total.Store(n) }, Done: func(n int64) { done.Add(n) }}
	retries := 0
	p.Registry.Retry.Notify = func(error, time.Duration) { retries++ }
	p.Jobs = 1
	mustPush(t, p, m.Layers, single(m, r.Host+"/app", "latest"))
	if total.Load() < 1<<20 || done.Load() != total.Load() {
		t.Errorf("got %d bytes done of %d", done.Load(), total.Load())
	}
	if retries != 2 {
		t.Errorf("got %d retries, want 2", retries)
	}
}

func noise(n int) string {
	data := make([]byte, n)
	rand.New(rand.NewSource(1)).Read(data)
	return "noise" + string(data)
}

func TestPushFailures(t *testing.T) {
	status := func(code int, when func(*http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if when(r) {
				w.WriteHeader(code)
			}
			return when(r)
		}
	}
	upload := func(r *http.Request) bool { return r.Method == http.MethodPost }
	any := func(r *http.Request) bool { return strings.Contains(r.URL.Path, "app") }
	for _, test := range []struct {
		name, want, hint string
		fault            func(http.ResponseWriter, *http.Request) bool
	}{
		{"password", "401 Unauthorized", "docker login", status(401, any)},
		{"no right", "403 Forbidden", "has no right", status(403, upload)},
		{"read-only", "405 Method Not Allowed", "is read-only", status(405, upload)},
		{"no repository", "404 Not Found", "created first", status(404, upload)},
		{"too large", "413 Request Entity Too Large", "of this size", status(413, func(r *http.Request) bool { return r.Method == http.MethodPut })},
		{"broken", "500 Internal Server Error", "", status(500, upload)},
		{"manifest refused", "writing manifest sha256:", "", status(400, func(r *http.Request) bool {
			return r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/")
		})},
		{"gone", "EOF", "went away in the middle", func(w http.ResponseWriter, r *http.Request) bool {
			if upload(r) {
				panic(http.ErrAbortHandler)
			}
			return false
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := deploytest.NewRegistry(t)
			r.Fault = test.fault
			m := deploytest.New(t).Image("amd64", "one", "two")
			_, err := push(t, pusher(), m.Layers, single(m, r.Host+"/app", "latest"))
			var e *registry.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a *registry.Error", err)
			}
			if !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), r.Host+"/app") {
				t.Errorf("got %v, want %q and the repository", err, test.want)
			}
			if !strings.Contains(e.Hint(), test.hint) || test.hint == "" && e.Hint() != "" {
				t.Errorf("got hint %q, want %q", e.Hint(), test.hint)
			}
			if requests := r.Requests(); count(requests, "PUT /v2/app/manifests/latest") != 0 {
				t.Errorf("tagged after a failure: %v", requests)
			}
		})
	}
}

func TestPushOfChangedBlob(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"truncated": func(path string) error { return os.Truncate(path, 20) },
		"changed": func(path string) error {
			data, err := os.ReadFile(path)
			data[len(data)/2] ^= 1
			return errors.Join(err, os.WriteFile(path, data, 0o644))
		},
		"gone": os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			r := deploytest.NewRegistry(t)
			m := deploytest.New(t).Image("amd64", "one", noise(1<<20))
			if err := change(m.Layers[1].Blob); err != nil {
				t.Fatal(err)
			}
			p := pusher()
			p.Registry.Retry.Notify = func(err error, _ time.Duration) { t.Errorf("tries again after %v", err) }
			_, err := push(t, p, m.Layers, single(m, r.Host+"/app", "latest"))
			var corrupt *ociblob.CorruptError
			var missing *ociblob.MissingError
			if !errors.As(err, &corrupt) && !errors.As(err, &missing) || !strings.Contains(err.Error(), m.Layers[1].Blob) || !strings.Contains(err.Error(), "layer-noise") {
				t.Errorf("got %v, want the layer and its file named", err)
			}
			if writes := r.Writes(); count(writes, "PUT /v2/app/manifests/") != 0 {
				t.Errorf("wrote a manifest: %v", writes)
			}
		})
	}
}

func TestPushSaysWhichTagsAreSet(t *testing.T) {
	r := deploytest.NewRegistry(t)
	r.Fault = func(w http.ResponseWriter, req *http.Request) bool {
		bad := req.Method == http.MethodPut && strings.HasSuffix(req.URL.Path, "/v2")
		if bad {
			w.WriteHeader(http.StatusForbidden)
		}
		return bad
	}
	m := deploytest.New(t).Image("amd64", "one")
	_, err := push(t, pusher(), m.Layers, single(m, r.Host+"/app", "v1", "v2"))
	if err == nil || !strings.Contains(err.Error(), "(already set: ["+r.Host+"/app:v1])") {
		t.Errorf("got %v", err)
	}
}

func TestPushRefusesBadTargets(t *testing.T) {
	files := deploytest.New(t)
	one, two := files.Image("amd64", "one"), files.Image("amd64", "two")
	for _, test := range []struct {
		want   string
		images []deployspec.Image
	}{
		{"images[0]: has no repository", []deployspec.Image{single(one, "")}},
		{"images[0]: ", []deployspec.Image{single(one, "h.example.com/UPPER")}},
		{`images[0]: tag "a b"`, []deployspec.Image{single(one, "h.example.com/xx", "a b")}},
		{"h.example.com/xx:v1 is wanted for two images", []deployspec.Image{single(one, "h.example.com/xx", "v1"), single(two, "h.example.com/xx", "v1")}},
	} {
		if _, err := push(t, pusher(), nil, test.images...); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("got %v, want %q", err, test.want)
		}
	}
}
