package apksystem

import (
	"archive/tar"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// pkg makes facts; each line of info is "key value".
func pkg(name, info string, entries ...apkfacts.Entry) *apkfacts.Facts {
	f := &apkfacts.Facts{Name: name, Version: "1-r0", Arch: "noarch", Checksum: "Q1" + name, Entries: entries}
	f.Info = apkfacts.Info{{Key: "pkgname", Value: name}, {Key: "pkgver", Value: "1-r0"}, {Key: "arch", Value: "noarch"}}
	for line := range strings.Lines(info) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		f.Info = append(f.Info, apkfile.Pair{Key: key, Value: value})
	}
	return f
}

func dir(path string) apkfacts.Entry {
	return apkfacts.Entry{Path: imagepath.Must(path), Type: apkfacts.Dir, Mode: 0o755}
}

func symlink(path, target string) apkfacts.Entry {
	return apkfacts.Entry{Path: imagepath.Must(path), Type: apkfacts.Symlink, Mode: 0o777, Link: target}
}

func file(path, content string) apkfacts.Entry {
	return apkfacts.Entry{Path: imagepath.Must(path), Mode: 0o644, Size: int64(len(content)), Content: []byte(content)}
}

// build returns the system layer's files by path: their content, or the target of a link.
func build(t *testing.T, spec *Spec, packages ...*apkfacts.Facts) (map[string]string, error) {
	t.Helper()
	var layer bytes.Buffer
	spec.Arch = "x86_64"
	if _, _, err := Build(&layer, spec, packages); err != nil {
		return nil, err
	}
	zip, err := gzip.NewReader(&layer)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for r := tar.NewReader(zip); ; {
		h, err := r.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[h.Name] = string(content) + h.Linkname
	}
}

func TestCheckSound(t *testing.T) {
	for name, c := range map[string]struct {
		world    []string
		packages []*apkfacts.Facts
		want     string // "" for sound
	}{
		"a dependency by name":          {nil, []*apkfacts.Facts{pkg("a", "depend b"), pkg("b", "")}, ""},
		"one that nobody has":           {nil, []*apkfacts.Facts{pkg("a", "depend b")}, "package a-1-r0 needs b, which no package"},
		"a version":                     {nil, []*apkfacts.Facts{pkg("a", "depend b>=2"), pkg("b", "")}, "package a-1-r0 needs b>=2, but of that name the image has b-1-r0"},
		"a provided name":               {nil, []*apkfacts.Facts{pkg("a", "depend so:x"), pkg("b", "provides so:x=1")}, ""},
		"a virtual has no version":      {nil, []*apkfacts.Facts{pkg("a", "depend v>0"), pkg("b", "provides v")}, "needs v>0, but of that name the image has b-1-r0"},
		"a conflict":                    {nil, []*apkfacts.Facts{pkg("a", "depend !b"), pkg("b", "")}, "package a-1-r0 conflicts with package b-1-r0 (!b)"},
		"a conflict with other version": {nil, []*apkfacts.Facts{pkg("a", "depend !b<1"), pkg("b", "")}, ""},
		"a conflict with itself":        {nil, []*apkfacts.Facts{pkg("a", "depend !v\nprovides v")}, ""},
		"two with one versioned name":   {nil, []*apkfacts.Facts{pkg("a", "provides n=1"), pkg("b", "provides n=2")}, "packages a-1-r0 and b-1-r0 both provide n"},
		"two with one virtual":          {nil, []*apkfacts.Facts{pkg("a", "provides n"), pkg("b", "provides n")}, ""},
		"a checksum":                    {nil, []*apkfacts.Facts{pkg("a", "depend b><Q1b"), pkg("b", "")}, ""},
		"another checksum":              {nil, []*apkfacts.Facts{pkg("a", "depend b><Q1other"), pkg("b", "")}, "needs b><Q1other"},
		"the world":                     {[]string{"a", "c"}, []*apkfacts.Facts{pkg("a", "")}, "the image needs c"},
	} {
		t.Run(name, func(t *testing.T) {
			err := CheckSound(c.world, c.packages)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}

// The database is where the distribution has it.
func TestDatabaseFolder(t *testing.T) {
	for name, c := range map[string]struct {
		entries  []apkfacts.Entry
		at, link string
	}{
		"as ever":     {nil, "lib/apk/db/installed", ""},
		"moved":       {[]apkfacts.Entry{dir("usr/lib/apk")}, "usr/lib/apk/db/installed", "../usr/lib/apk"},
		"with a link": {[]apkfacts.Entry{dir("usr/lib/apk"), symlink("lib/apk", "../usr/lib/apk")}, "usr/lib/apk/db/installed", ""},
		"a linked folder": {
			[]apkfacts.Entry{dir("var/db"), symlink("lib/apk/db", "../../var/db")}, "var/db/installed", "",
		},
		"merged /usr": {[]apkfacts.Entry{dir("usr/lib"), symlink("lib", "usr/lib")}, "usr/lib/apk/db/installed", ""},
	} {
		t.Run(name, func(t *testing.T) {
			files, err := build(t, &Spec{}, pkg("a", "", c.entries...))
			if err != nil {
				t.Fatal(err)
			}
			if files[c.at] == "" || files["lib/apk"] != c.link {
				t.Errorf("layer has %v, want %s and lib/apk %q", files, c.at, c.link)
			}
		})
	}
}

// certificate makes one, in PEM.
func certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(1<<32, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func TestCertificates(t *testing.T) {
	added := certificate(t)
	spec := &Spec{Certificates: []Named{{Name: "company.pem", Content: []byte(added)}}}
	files, err := build(t, spec, pkg("bundle", "", file(bundleFile, "# Mozilla's\n"), symlink("etc/ssl/cert.pem", "certs/ca-certificates.crt")))
	if err != nil {
		t.Fatal(err)
	}
	if files[bundleFile] != "# Mozilla's\n"+added || files[localDir+"/company.crt"] != added {
		t.Errorf("layer has %q", files)
	}
	if _, ok := files["etc/ssl/cert.pem"]; ok {
		t.Error("the link to the bundle is replaced")
	}
	if files, err = build(t, spec, pkg("nothing", "")); err != nil || files[bundleFile] != added {
		t.Errorf("without a package's bundle: %q, %v", files[bundleFile], err)
	}
	spec.Certificates = append(spec.Certificates, Named{Name: "company.crt", Content: []byte(added)})
	if _, err = build(t, spec, pkg("nothing", "")); err == nil || !strings.Contains(err.Error(), "another one has that name too") {
		t.Errorf("error is %v, want one about the name", err)
	}
	java := file("usr/lib/jvm/java/lib/security/cacerts", "garbage")
	large := apkfacts.Entry{Path: imagepath.Must("etc/ssl/certs/java/cacerts"), Mode: 0o644, Size: 1 << 30}
	if _, err = build(t, &Spec{Certificates: spec.Certificates[:1]}, pkg("java", "", large)); err == nil || !strings.Contains(err.Error(), "cacerts of package java-1-r0 is too large") {
		t.Errorf("error is %v, want one about Java's keystore", err)
	}
	// A bundle elsewhere, at a place whose content is kept.
	moved := []apkfacts.Entry{file("etc/ssl/cert.pem", "# moved\n"), symlink(bundleFile, "../cert.pem")}
	if files, err = build(t, &Spec{Certificates: spec.Certificates[:1]}, pkg("bundle", "", moved...)); err != nil || files["etc/ssl/cert.pem"] != "# moved\n"+added {
		t.Errorf("the bundle that is linked to: %q, %v", files["etc/ssl/cert.pem"], err)
	}
	unknown := []apkfacts.Entry{{Path: imagepath.Must("etc/pki/bundle.pem"), Size: 9}, symlink(bundleFile, "../../pki/bundle.pem")}
	if _, err = build(t, &Spec{Certificates: spec.Certificates[:1]}, pkg("bundle", "", unknown...)); err == nil || !strings.Contains(err.Error(), "etc/pki/bundle.pem of package bundle-1-r0") {
		t.Errorf("error is %v, want one about the bundle's place", err)
	}
	if _, err = build(t, &Spec{Certificates: spec.Certificates[:1]}, pkg("java", "", java)); err == nil || !strings.Contains(err.Error(), "cacerts of package java-1-r0") {
		t.Errorf("error is %v, want one about Java's keystore", err)
	}
}

// Alpine's java-cacerts has no keystore, but a script that makes one; Wolfi's has both.
func TestJavaKeystore(t *testing.T) {
	added := certificate(t)
	script := file("etc/ca-certificates/update.d/java-cacerts", "")
	const keystore = "etc/ssl/certs/java/cacerts"
	for name, c := range map[string]struct {
		spec *Spec
		want int // certificates; -1 for no keystore
		java []apkfacts.Entry
	}{
		"nothing of Java's":     {&Spec{Certificates: []Named{{"a.pem", []byte(added)}}}, -1, nil},
		"made":                  {&Spec{}, 1, []apkfacts.Entry{script}},
		"made, with one added":  {&Spec{Certificates: []Named{{"a.pem", []byte(added)}}}, 2, []apkfacts.Entry{script}},
		"there, nothing to add": {&Spec{}, -1, []apkfacts.Entry{script, {Path: imagepath.Must(keystore), Size: 1 << 30}}},
	} {
		t.Run(name, func(t *testing.T) {
			files, err := build(t, c.spec, pkg("bundle", "", file(bundleFile, certificate(t))), pkg("java-cacerts", "", c.java...))
			if err != nil {
				t.Fatal(err)
			}
			content, ok := files[keystore]
			if ok != (c.want >= 0) {
				t.Fatalf("the layer has a keystore: %v", ok)
			}
			// The number of entries is in the header of JKS, after a magic number and a version.
			if ok && int(content[11]) != c.want {
				t.Errorf("%d certificates, want %d", content[11], c.want)
			}
		})
	}
}

func TestLibraryCache(t *testing.T) {
	library := func(path, soname, machine string) apkfacts.Entry {
		e := file(path, "")
		e.Library = &apkfacts.Library{Soname: soname, Machine: machine, Class: 64}
		return e
	}
	files, err := build(t, &Spec{}, pkg("glibc", "", library("usr/lib/libc.so.6", "libc.so.6", "x86_64"),
		library("usr/lib/ld-linux-x86-64.so.2", "ld-linux-x86-64.so.2", "x86_64"), symlink("lib", "usr/lib"),
		library("usr/lib/libz.so.1.3", "libz.so.1", "x86_64"), symlink("usr/lib/libz.so", "libz.so.1.3"),
		library("usr/lib/libold.so.1", "", "x86_64"),
		library("usr/lib/libodd.so.1", "libodd.so.1", "elf:99"),
		library("usr/lib/glibc-hwcaps/x86-64-v3/libz.so.1", "libz.so.1", "x86_64"),
		library("opt/x/libx.so.1", "libx.so.1", "x86_64"),
		file("etc/ld.so.conf", "include ld.so.conf.d/*.conf # more\n"), file("etc/ld.so.conf.d/x.conf", "/opt/x/\n"),
	))
	if err != nil {
		t.Fatal(err)
	}
	cache := files["etc/ld.so.cache"]
	for path, want := range map[string]bool{
		"/lib/libz.so.1\x00": true, "/lib/libz.so\x00": true, "/lib/libold.so.1\x00": true, "/lib/libodd.so.1\x00": false,
		"/lib/glibc-hwcaps/x86-64-v3/libz.so.1\x00": true, "/opt/x/libx.so.1\x00": true, "/usr/lib/libz.so.1\x00": false,
	} {
		if got := strings.Contains(cache, path); got != want {
			t.Errorf("the cache has %q: %v, want %v", path, got, want)
		}
	}
	if files["usr/lib/libz.so.1"] != "libz.so.1.3" {
		t.Errorf("usr/lib/libz.so.1 is %q, want a link to libz.so.1.3", files["usr/lib/libz.so.1"])
	}
	if files, err = build(t, &Spec{}, pkg("musl", "", library("lib/libz.so.1", "libz.so.1", "x86_64"))); err != nil || files["etc/ld.so.cache"] != "" {
		t.Errorf("an image without glibc has a cache (%v)", err)
	}
	gcompat := pkg("gcompat", "", library("lib/libc.musl-x86_64.so.1", "libc.musl-x86_64.so.1", "x86_64"), symlink("lib/libc.so.6", "libc.musl-x86_64.so.1"),
		library("lib/ld-linux-x86-64.so.2", "ld-linux-x86-64.so.2", "x86_64"), library("lib/libgcompat.so.0", "libgcompat.so.0", "x86_64"))
	if files, err = build(t, &Spec{}, gcompat); err != nil || files["etc/ld.so.cache"] != "" {
		t.Errorf("an image of musl with glibc's names has a cache (%v)", err)
	}
	elsewhere := pkg("elsewhere", "", library("lib/libc.musl-x86_64.so.1", "libc.musl-x86_64.so.1", "x86_64"), library("usr/glibc-compat/lib/libc.so.6", "libc.so.6", "x86_64"))
	if files, err = build(t, &Spec{}, elsewhere); err != nil || files["etc/ld.so.cache"] != "" {
		t.Errorf("an image whose glibc is in no directory of libraries has a cache (%v)", err)
	}
	stale := pkg("glibc", "", library("lib/libc.so.6", "libc.so.6", "x86_64"), file("etc/ld.so.cache", "stale"))
	if files, err = build(t, &Spec{}, stale); err != nil || !strings.Contains(files["etc/ld.so.cache"], "/lib/libc.so.6\x00") {
		t.Errorf("a stale cache that a package ships stays: %q (%v)", files["etc/ld.so.cache"], err)
	}
}
