package apksystem

import (
	"archive/tar"
	"bytes"
	"fmt"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// What `apk add --initdb` has made stays as it is, whatever packages say of it; that is what apk 2.14 and 2.14.10
// leave.
func TestInitialDirectories(t *testing.T) {
	of := func(path string, mode apkfacts.Mode, uid int) apkfacts.Entry {
		return apkfacts.Entry{Path: imagepath.Must(path), Type: apkfacts.Dir, Mode: mode, UID: uid}
	}
	for name, c := range map[string]struct {
		entries []apkfacts.Entry
		want    map[string]string // mode and uid by path; "" for what the layer does not have
	}{
		"nothing":              {nil, map[string]string{"var/": "755 0", "tmp/": ""}},
		"as apk has them":      {[]apkfacts.Entry{of("tmp", 0o1777, 0), of("var", 0o755, 0)}, map[string]string{"var/": "", "tmp/": ""}},
		"a baselayout's":       {[]apkfacts.Entry{of("tmp", 0o755, 0), of("var", 0o755, 0)}, map[string]string{"var/": "", "tmp/": "1777 0"}},
		"of an account's":      {[]apkfacts.Entry{of("etc", 0o700, 5), of("var/cache", 0o1777, 0)}, map[string]string{"etc/": "755 0", "var/cache/": "755 0", "var/": ""}},
		"no business of apk's": {[]apkfacts.Entry{of("var/tmp", 0o755, 0), of("usr", 0o700, 9), of("proc", 0o711, 0)}, map[string]string{"var/tmp/": "", "usr/": "", "proc/": ""}},
		"links":                {[]apkfacts.Entry{dir("usr/lib"), symlink("lib", "usr/lib"), dir("srv"), symlink("var", "srv")}, map[string]string{"lib/": "", "var/": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			var layer bytes.Buffer
			if _, _, err := Build(&layer, &Spec{Arch: "x86_64"}, []*apkfacts.Facts{pkg("a", "", c.entries...)}); err != nil {
				t.Fatal(err)
			}
			zip, err := gzip.NewReader(&layer)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for r := tar.NewReader(zip); ; {
				h, err := r.Next()
				if err != nil {
					break
				}
				got[h.Name] = fmt.Sprintf("%o %d", h.Mode, h.Uid)
			}
			for path, want := range c.want {
				if got[path] != want {
					t.Errorf("%s is %q, want %q", path, got[path], want)
				}
			}
		})
	}
}
