package apktest

import (
	"os"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
)

// Index reads an APKINDEX.tar.gz that one of the keys in a folder signed.
func Index(t testing.TB, path, keys string) *apkindex.Index {
	t.Helper()
	var keyring apksign.Keyring
	if err := keyring.AddFS(os.DirFS(keys)); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, signed, err := keyring.VerifyArchive(data)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	index, err := apkindex.Read(signed)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return index
}
