package fetch_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rules-apk/rules_apk/tools/internal/fetch"
)

// fileServer serves the same content under every path and counts the bytes.
func fileServer(t *testing.T, content []byte) (location string, sent *atomic.Int64) {
	sent = new(atomic.Int64)
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(&byteCounter{w, sent}, r, "", time.Time{}, bytes.NewReader(content))
	}), sent
}

type byteCounter struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (b *byteCounter) Write(p []byte) (int, error) {
	b.n.Add(int64(len(p)))
	return b.ResponseWriter.Write(p)
}

func read(t *testing.T, s *fetch.Store, size int, location string) (content []byte, fresh bool) {
	t.Helper()
	r, fresh, err := s.Open(t.Context(), "key", int64(size), location)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content, err = io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return content, fresh
}

func TestStoreResumes(t *testing.T) {
	want := content()
	interrupted, _ := fileServer(t, want)
	s := &fetch.Store{Client: client(t), Dir: t.TempDir()}
	r, fresh, err := s.Open(t.Context(), "key", int64(len(want)), interrupted)
	if err != nil || !fresh {
		t.Fatalf("fresh %v, %v", fresh, err)
	}
	if _, err := io.CopyN(io.Discard, r, 100_000); err != nil {
		t.Fatal(err)
	}
	// What stops reading, such as an interrupted run, keeps what it has.
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(s.Dir, "key.part"))
	if err != nil || info.Size() < 100_000 {
		t.Fatalf("%v, %v", info, err)
	}
	location, sent := fileServer(t, want)
	if got, fresh := read(t, s, len(want), location); !bytes.Equal(got, want) || fresh {
		t.Errorf("resumed: %d bytes, fresh %v", len(got), fresh)
	}
	if n := sent.Load(); n != int64(len(want))-info.Size() {
		t.Errorf("%d bytes sent, want the %d that were missing", n, int64(len(want))-info.Size())
	}
	sent.Store(0)
	if got, fresh := read(t, s, len(want), location); !bytes.Equal(got, want) || fresh || sent.Load() != 0 {
		t.Errorf("stored: %d bytes, fresh %v, %d sent", len(got), fresh, sent.Load())
	}
	if err := s.Discard("key"); err != nil {
		t.Fatal(err)
	}
	if got, fresh := read(t, s, len(want), location); !bytes.Equal(got, want) || !fresh {
		t.Errorf("after Discard: %d bytes, fresh %v", len(got), fresh)
	}
}

// A complete part that was not renamed, and one that is too long.
func TestStoreOddParts(t *testing.T) {
	want := content()
	location, sent := fileServer(t, want)
	s := &fetch.Store{Client: client(t), Dir: t.TempDir()}
	part := filepath.Join(s.Dir, "key.part")
	if err := os.WriteFile(part, want, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, _ := read(t, s, len(want), location); !bytes.Equal(got, want) || sent.Load() != 0 {
		t.Errorf("complete part: %d bytes, %d sent", len(got), sent.Load())
	}
	if err := s.Discard("key"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(part, append(bytes.Clone(want), "more"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, fresh := read(t, s, len(want), location); !bytes.Equal(got, want) || !fresh {
		t.Errorf("part too long: %d bytes, fresh %v", len(got), fresh)
	}
}

// Several at once, as when both architectures list the same noarch package: the file is sent once.
func TestStoreShared(t *testing.T) {
	want := content()
	location, sent := fileServer(t, want)
	dir := t.TempDir()
	var group sync.WaitGroup
	for range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			s := &fetch.Store{Client: &fetch.Client{}, Dir: dir}
			r, _, err := s.Open(t.Context(), "key", int64(len(want)), location)
			if err != nil {
				t.Error(err)
				return
			}
			defer r.Close()
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		}()
	}
	group.Wait()
	if n := sent.Load(); n != int64(len(want)) {
		t.Errorf("%d bytes sent, want %d", n, len(want))
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) != 1 {
		t.Errorf("left behind: %q", names)
	}
}

func TestStorePrune(t *testing.T) {
	s := &fetch.Store{Dir: t.TempDir()}
	now := time.Now()
	for name, age := range map[string]time.Duration{"old": 2 * time.Hour, "new": 0} {
		path := filepath.Join(s.Dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Prune(now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(s.Dir, "*"))
	if err != nil || len(names) != 1 || filepath.Base(names[0]) != "new" {
		t.Errorf("left: %q, %v", names, err)
	}
	if err := (&fetch.Store{Dir: filepath.Join(s.Dir, "absent")}).Prune(now); err != nil {
		t.Errorf("no folder: %v", err)
	}
}
