package apkrepo_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/fetch"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkrepo"
)

// TestStoreKnowsLocations: two repositories, each with its own key, had the same package. Its control section, and so
// its checksum, was the same in both, its file was not, and a lock of the second got the SHA-256 of the first's file.
func TestStoreKnowsLocations(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "signed by "+r.URL.Path[1:2])
	}))
	defer server.Close()
	client := &fetch.Client{}
	reader := &apkrepo.Reader{Fetcher: client, Store: &fetch.Store{Client: client, Dir: t.TempDir()}}
	for _, path := range []string{"/a/x86_64/p-1-r0.apk", "/b/x86_64/p-1-r0.apk", "/a/x86_64/p-1-r0.apk"} {
		want := apkrepo.Wanted{Name: "p", Version: "1-r0", Arch: "x86_64", Checksum: "Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=", Size: 11, Locations: []string{server.URL + path}}
		var got []byte
		err := reader.Read(context.Background(), want, nil, func(r io.Reader) (err error) {
			got, err = io.ReadAll(r)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != "signed by "+path[1:2] {
			t.Errorf("%s: got %q", path, got)
		}
	}
}
