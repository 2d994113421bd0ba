package filehost

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func get(url string) (string, error) {
	response, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

func TestHost(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("content"), 0o644); err != nil {
		t.Fatal(err)
	}
	host, err := Start(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	if body, err := get(host.URL + "/file"); err != nil || body != "content" {
		t.Errorf("got %q, %v", body, err)
	}
	if got, want := host.Take(), (Traffic{Paths: []string{"/file"}, Bytes: 7}); !reflect.DeepEqual(got, want) {
		t.Errorf("traffic is %+v, want %+v", got, want)
	}
	host.SwitchOff()
	if body, err := get(host.URL + "/file"); err == nil {
		t.Errorf("a host that is switched off says %q", body)
	}
	if got := host.Take(); len(got.Paths) == 0 || got.Bytes != 0 {
		t.Errorf("traffic of a host that is switched off is %+v, want requests without bytes", got)
	}
	host.SwitchOn()
	if body, err := get(host.URL + "/file"); err != nil || body != "content" {
		t.Errorf("switched on again: got %q, %v", body, err)
	}
}
