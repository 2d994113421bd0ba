package nginxcache

import (
	"errors"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

func TestCache(t *testing.T) {
	cache, err := Start(t.TempDir())
	if errors.Is(err, exec.ErrNotFound) {
		t.Skipf("SKIPPED: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer cache.Stop()
	ask := func(method, path, body string, want int) {
		t.Helper()
		request, err := http.NewRequest(method, cache.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s %s: status is %s, want %d", method, path, response.Status, want)
		}
	}
	content := strings.Repeat("x", 10000)
	ask("GET", "/cas/ab", "", http.StatusNotFound)
	ask("PUT", "/cas/ab", content, http.StatusCreated)
	ask("GET", "/cas/ab", "", http.StatusOK)

	traffic, err := cache.Take()
	if err != nil {
		t.Fatal(err)
	}
	if traffic.Gets != 1 || traffic.Misses != 1 || traffic.Puts != 1 {
		t.Errorf("traffic is %+v, want one of each", traffic)
	}
	for name, n := range map[string]int64{"up": traffic.Up, "down": traffic.Down} {
		if n < 10000 || n > 12000 {
			t.Errorf("%s: %d bytes, want 10000 and headers", name, n)
		}
	}
	if again, err := cache.Take(); err != nil || again != (Traffic{}) {
		t.Errorf("taken again: %+v, %v, want nothing", again, err)
	}
	if kept, err := cache.Kept(); err != nil || kept != (Kept{Entries: 1, Bytes: 10000}) {
		t.Errorf("kept: %+v, %v, want one entry of 10000 bytes", kept, err)
	}
}
