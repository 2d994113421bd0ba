package fetch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rules-apk/rules_apk/tools/internal/fetch"
)

const limit = 1 << 30

// content is random, so that bytes in a wrong place show.
func content() []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 300_000)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func client(t *testing.T) *fetch.Client {
	return &fetch.Client{Attempts: 3, Backoff: time.Millisecond, Stall: 5 * time.Second, Notify: func(m string) { t.Log(m) }}
}

func TestReadAllLocal(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a b")
	if err := os.WriteFile(path, []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, location := range []string{path, "file://" + dir + "/a%20b", "file://localhost" + dir + "/a%20b"} {
		got, err := client(t).ReadAll(t.Context(), limit, location)
		if err != nil || string(got) != "hello" {
			t.Errorf("%s: %q, %v", location, got, err)
		}
	}
	for _, tt := range []struct{ location, want string }{
		{"file://other" + path, "want file:///absolute/path"},
		{"ftp://x/y", `scheme is "ftp"`},
		{filepath.Join(dir, "absent"), "absent: no such file"},
	} {
		if _, err := client(t).ReadAll(t.Context(), limit, tt.location); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want an error with %q", tt.location, err, tt.want)
		}
	}
	if _, err := client(t).ReadAll(t.Context(), 4, path); err == nil || !strings.Contains(err.Error(), "more than 4 bytes") {
		t.Errorf("limit: %v", err)
	}
}

// A server that cuts every answer after some bytes: with ranges, without, and one that knows ETags.
func TestReadAllResumes(t *testing.T) {
	want := content()
	for _, tt := range []struct {
		name   string
		ranges bool
		etag   string
	}{{"ranges", true, `"1"`}, {"ranges, no etag", true, ""}, {"no ranges", false, ""}} {
		t.Run(tt.name, func(t *testing.T) {
			var requests atomic.Int32
			location := serve(t, func(w http.ResponseWriter, r *http.Request) {
				n := requests.Add(1)
				var start int
				if header := r.Header.Get("Range"); header != "" {
					fmt.Sscanf(header, "bytes=%d-", &start)
					if r.Header.Get("If-Range") != tt.etag {
						t.Errorf("If-Range is %q, want %q", r.Header.Get("If-Range"), tt.etag)
					}
				} else if n > 1 {
					t.Errorf("request %d has no Range", n)
				}
				w.Header().Set("ETag", tt.etag)
				end := len(want)
				if n < 4 {
					end = 70_000 * int(n)
				}
				if tt.ranges && start > 0 {
					w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, len(want)-1, len(want)))
					w.Header().Set("Content-Length", fmt.Sprint(len(want)-start))
					w.WriteHeader(http.StatusPartialContent)
				} else {
					start = 0
					w.Header().Set("Content-Length", fmt.Sprint(len(want)))
				}
				w.Write(want[start:end])
			})
			got, err := client(t).ReadAll(t.Context(), limit, location)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("got %d bytes, %v; want %d", len(got), err, len(want))
			}
			if n := requests.Load(); n != 4 {
				t.Errorf("%d requests, want 4", n)
			}
		})
	}
}

func TestReadAllTruncated(t *testing.T) {
	location := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.Write(make([]byte, 50))
	})
	c := client(t)
	if _, err := c.ReadAll(t.Context(), limit, location); !errors.Is(err, io.ErrUnexpectedEOF) && (err == nil || !strings.Contains(err.Error(), "unexpected EOF")) {
		t.Errorf("error %v, want unexpected EOF", err)
	}
}

func TestReadAllChangedFile(t *testing.T) {
	var n atomic.Int32
	location := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", fmt.Sprintf(`"%d"`, n.Add(1)))
		w.Header().Set("Content-Length", "100000")
		w.Write(make([]byte, 50000))
	})
	if _, err := client(t).ReadAll(t.Context(), limit, location); err == nil || !strings.Contains(err.Error(), "changed on the server") {
		t.Errorf("error %v", err)
	}
}

func TestReadAllRetries(t *testing.T) {
	for _, tt := range []struct {
		status   int
		requests int32
	}{{503, 3}, {500, 3}, {429, 3}, {408, 3}, {404, 1}, {410, 1}, {401, 1}, {403, 1}, {400, 1}} {
		var n atomic.Int32
		location := serve(t, func(w http.ResponseWriter, r *http.Request) {
			n.Add(1)
			w.WriteHeader(tt.status)
		})
		_, err := client(t).ReadAll(t.Context(), limit, location)
		if err == nil || !strings.Contains(err.Error(), fmt.Sprint(tt.status)) || !strings.Contains(err.Error(), location) {
			t.Errorf("%d: error %v", tt.status, err)
		}
		if got := n.Load(); got != tt.requests {
			t.Errorf("%d: %d requests, want %d", tt.status, got, tt.requests)
		}
		if got, want := errors.Is(err, fetch.ErrNotFound), tt.status == 404 || tt.status == 410; got != want {
			t.Errorf("%d: not found is %v, want %v", tt.status, got, want)
		}
	}
}

func TestReadAllSucceedsAfterRetries(t *testing.T) {
	var n atomic.Int32
	location := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) < 3 {
			w.WriteHeader(503)
			return
		}
		w.Write([]byte("ok"))
	})
	if got, err := client(t).ReadAll(t.Context(), limit, location); string(got) != "ok" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestReadAllMirrors(t *testing.T) {
	want := content()
	down := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) })
	absent := serve(t, http.NotFound)
	broken := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(want)))
		if r.Header.Get("Range") == "" {
			w.Write(want[:1000])
		}
	})
	good := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "x", time.Time{}, bytes.NewReader(want))
	})
	for _, locations := range [][]string{{good, down}, {down, absent, good}, {broken, good}, {absent, broken, good}} {
		got, err := client(t).ReadAll(t.Context(), limit, locations...)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("got %d bytes, %v; want %d", len(got), err, len(want))
		}
	}
	_, err := client(t).ReadAll(t.Context(), limit, absent, down)
	if err == nil || errors.Is(err, fetch.ErrNotFound) || !strings.Contains(err.Error(), absent) || !strings.Contains(err.Error(), down) {
		t.Errorf("one absent, one down: %v; want both named, and not \"not found\"", err)
	}
	if _, err := client(t).ReadAll(t.Context(), limit, absent, filepath.Join(t.TempDir(), "x")); !errors.Is(err, fetch.ErrNotFound) {
		t.Errorf("absent twice: %v", err)
	}
}

func TestReadAllStalls(t *testing.T) {
	done := make(chan struct{})
	location := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("he"))
		w.(http.Flusher).Flush()
		<-done
	})
	t.Cleanup(func() { close(done) })
	c := client(t)
	c.Attempts, c.Stall = 1, 50*time.Millisecond
	if _, err := c.ReadAll(t.Context(), limit, location); err == nil || !strings.Contains(err.Error(), "stalled") {
		t.Errorf("error %v", err)
	}
}

func TestReadAllCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	location := serve(t, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		w.WriteHeader(503)
	})
	c := client(t)
	c.Backoff = time.Hour
	if _, err := c.ReadAll(ctx, limit, location); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestReadAllRedirects(t *testing.T) {
	plain := serve(t, func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("plain")) })
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, plain+"/?token=secret", http.StatusFound)
	}))
	t.Cleanup(secure.Close)
	c := client(t)
	c.Transport = secure.Client().Transport
	_, err := c.ReadAll(t.Context(), limit, secure.URL)
	if err == nil || !strings.Contains(err.Error(), "from https to http") || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
	to := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, plain, http.StatusFound) })
	if got, err := client(t).ReadAll(t.Context(), limit, to); string(got) != "plain" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestReadAllUntrustedCertificate(t *testing.T) {
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	c := client(t)
	c.Backoff = time.Hour
	if _, err := c.ReadAll(t.Context(), limit, secure.URL); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("error %v", err)
	}
}
