package apkfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/test/realpackages"
)

func TestReadRealPackages(t *testing.T) {
	dir := realpackages.Dir(t)
	var alpine apksign.Keyring
	if err := alpine.AddFS(os.DirFS(filepath.Join(dir, "keys"))); err != nil {
		t.Fatal(err)
	}
	count := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".apk" {
			return err
		}
		if strings.HasPrefix(path, filepath.Join(dir, "v3")) {
			in, err := os.Open(path)
			if err != nil {
				return err
			}
			defer in.Close()
			if _, err := apkfile.Read(in, apkfile.Built(), nil); err == nil || !strings.Contains(err.Error(), "version 3") {
				t.Errorf("%s: error is %v, want one that names version 3", path, err)
			}
			return nil
		}
		count++
		f, err := readPath(t, path, apkfile.Built())
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if f.Data.End() != f.Size || f.Control.Offset != f.Signature.End() || f.Data.Offset != f.Control.End() {
			t.Errorf("%s: sections %+v %+v %+v do not fill %d bytes", path, f.Signature, f.Control, f.Data, f.Size)
		}
		_, err = readPath(t, path, apkfile.Signed(&alpine))
		if strings.HasPrefix(path, filepath.Join(dir, "alpine")) {
			if err != nil {
				t.Errorf("%s: %v", path, err)
			}
		} else if !errors.Is(err, apksign.ErrUnknownKey) && !errors.Is(err, apksign.ErrUnsigned) {
			t.Errorf("%s: by Alpine's keys: %v", path, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d packages", count)
	if count < 165 {
		t.Errorf("%d packages, want at least 165", count)
	}
}

func readPath(t *testing.T, path string, trust apkfile.Trust) (*apkfile.File, error) {
	t.Helper()
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	return apkfile.Read(in, trust, nil)
}
