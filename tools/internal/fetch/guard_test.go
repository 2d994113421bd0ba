package fetch_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rules-apk/rules_apk/tools/internal/fetch"
)

// A byte now and then is no progress.
func TestTrickle(t *testing.T) {
	var requests atomic.Int32
	location := serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		for r.Context().Err() == nil {
			w.Write([]byte("x"))
			w.(http.Flusher).Flush()
			time.Sleep(10 * time.Millisecond)
		}
	})
	c := client(t)
	c.Attempts, c.Stall = 1, 300*time.Millisecond
	start := time.Now()
	_, err := c.ReadAll(t.Context(), limit, location)
	if err == nil || !strings.Contains(err.Error(), "the connection stalled: next to nothing in 300ms") {
		t.Errorf("error %v", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

// What is slow, but above the least rate, is read to its end, however long its reader takes.
func TestSlowIsNotStalled(t *testing.T) {
	location := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for range 10 {
			w.Write(make([]byte, 200))
			w.(http.Flusher).Flush()
			time.Sleep(50 * time.Millisecond)
		}
	})
	c := client(t)
	c.Attempts, c.Stall = 1, 200*time.Millisecond
	r, err := c.Open(t.Context(), location)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	time.Sleep(300 * time.Millisecond)
	if data, err := io.ReadAll(r); err != nil || len(data) != 2000 {
		t.Errorf("got %d bytes, %v; want 2000", len(data), err)
	}
}

// A server that takes nothing of what it is sent, or does not answer.
func TestStalledUpload(t *testing.T) {
	release := make(chan struct{})
	location := serve(t, func(w http.ResponseWriter, r *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	http1 := &http.Client{Transport: &fetch.Guard{Base: http.DefaultTransport, Stall: 50 * time.Millisecond}}
	for _, size := range []int{10, 50 << 20} {
		req, err := http.NewRequest(http.MethodPut, location, bytes.NewReader(make([]byte, size)))
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err = fetch.Do(http1, req)
		if err == nil || !strings.Contains(err.Error(), "stalled") || !fetch.Passing(err) {
			t.Errorf("%d bytes: error %v", size, err)
		}
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("%d bytes: took %s", size, took)
		}
	}
}

// Of an error, only the beginning is read.
func TestEndlessError(t *testing.T) {
	location := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	})
	resp, err := (&http.Client{Transport: &fetch.Guard{Base: http.DefaultTransport}}).Get(location)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if data, err := io.ReadAll(resp.Body); err != nil || len(data) != 64<<10 {
		t.Errorf("got %d bytes, %v; want %d", len(data), err, 64<<10)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, test := range []struct {
		header string
		want   time.Duration
	}{
		{"2", 2 * time.Second}, {"-1", 0}, {"x", 0}, {"", 0}, {"99999999999", time.Hour}, {"9999999", time.Hour},
		{now.Add(3 * time.Second).Format(http.TimeFormat), 3 * time.Second}, {now.Add(-time.Hour).Format(http.TimeFormat), 0},
	} {
		resp := &http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {test.header}, "Date": {now.Format(http.TimeFormat)}}}
		if got := fetch.NewStatusError(resp).RetryAfter; got != test.want {
			t.Errorf("%q: %s, want %s", test.header, got, test.want)
		}
	}
}

func TestRetryPauses(t *testing.T) {
	var pauses []time.Duration
	retry := fetch.Retry{Attempts: 4, Wait: time.Millisecond, Notify: func(_ error, pause time.Duration) { pauses = append(pauses, pause) }}
	calls := 0
	err := retry.Do(t.Context(), func() error {
		calls++
		return fmt.Errorf("x: %w", &fetch.StatusError{Code: 503, RetryAfter: 3 * time.Millisecond})
	})
	if err == nil || calls != 4 || fmt.Sprint(pauses) != "[3ms 3ms 4ms]" {
		t.Errorf("%v after %d calls and %v", err, calls, pauses)
	}
	calls = 0
	if err := retry.Do(t.Context(), func() error { calls++; return errors.New("x") }); err == nil || calls != 1 {
		t.Errorf("%v after %d calls, want 1: nothing says that it may pass", err, calls)
	}
}

// A cache that cannot be written takes nothing away.
func TestCacheThatCannotBeWritten(t *testing.T) {
	want := content()
	location := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(want))
	})
	// Folders where a file is in the way: as root, a read-only one is none.
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var said []string
	c := client(t)
	c.Notify = func(message string) { said = append(said, message) }
	c.Copies = filepath.Join(file, "copies")
	if got, err := c.ReadAll(t.Context(), limit, location); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
	got, fresh := read(t, &fetch.Store{Client: c, Dir: filepath.Join(file, "packages")}, len(want), location)
	if !fresh || !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, fresh %v", len(got), fresh)
	}
	if len(said) != 2 || !strings.HasPrefix(said[0], "no copy is kept: ") || !strings.HasPrefix(said[1], "no copy is kept: ") {
		t.Errorf("said %q", said)
	}
}

// On a full disk, too, what is read is what is there.
func TestCacheOnFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("this system has no /dev/full")
	}
	want := content()
	location, _ := fileServer(t, want)
	dir := t.TempDir()
	if err := os.Symlink("/dev/full", filepath.Join(dir, "key.part")); err != nil {
		t.Fatal(err)
	}
	var said []string
	c := client(t)
	c.Notify = func(message string) { said = append(said, message) }
	got, _ := read(t, &fetch.Store{Client: c, Dir: dir}, len(want), location)
	if !bytes.Equal(got, want) {
		t.Errorf("got %d bytes", len(got))
	}
	if len(said) != 1 || !strings.Contains(said[0], "no space left on device") {
		t.Errorf("said %q", said)
	}
	if _, err := os.Lstat(filepath.Join(dir, "key")); err == nil {
		t.Error("something is kept under the key")
	}
}
