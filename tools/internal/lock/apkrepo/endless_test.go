package apkrepo_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/fetch"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkrepo"
)

// A server that sends the package and then goes on for ever: no more is read than the index states.
func TestEndlessPackage(t *testing.T) {
	dir := t.TempDir()
	apk := filepath.Join(dir, "x86_64", "hello-1.0-r0.apk")
	entry := writePackage(t, apk)
	content, err := os.ReadFile(apk)
	if err != nil {
		t.Fatal(err)
	}
	var sent atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for chunk := content; r.Context().Err() == nil; chunk = make([]byte, 64<<10) {
			n, err := w.Write(chunk)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	}))
	defer server.Close()
	client := &fetch.Client{}
	for _, store := range []apkrepo.Store{nil, &fetch.Store{Client: client, Dir: t.TempDir()}} {
		sent.Store(0)
		reader := &apkrepo.Reader{Fetcher: client, Keyring: &apksign.Keyring{}, Store: store}
		_, err = reader.Package(t.Context(), apkrepo.Repository{Locations: []string{server.URL}}, "x86_64", entry, nil)
		if err == nil || !strings.Contains(err.Error(), "want exactly that many as the index states") {
			t.Errorf("error is %v", err)
		}
		if n := sent.Load(); n > 64<<20 {
			t.Errorf("%d bytes were sent of a package that has %d", n, entry.Size)
		}
	}
}
