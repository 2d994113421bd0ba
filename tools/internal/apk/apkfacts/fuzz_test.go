package apkfacts

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktest"
	"github.com/rules-apk/rules_apk/tools/internal/test/realpackages"
)

// Whatever tar a package has, there are either facts, which survive JSON and agree with what locks are made from, or an
// error of one line.
func FuzzExtract(f *testing.F) {
	for _, c := range []apktest.File{
		apktest.Regular("etc/passwd", "root:x:0:0:::\n").Stated(), apktest.Regular("usr/x\nR:y", ""), apktest.Regular(".wh..opq/x", ""),
		apktest.Regular("bin/busybox", "[\x00[[\x00"), apktest.Regular("lib/libx.so.1", "\x7fELF"), apktest.Regular("latin-\xe9", ""),
	} {
		f.Add(plain(f, apktest.Section(f, true, c)))
	}
	for _, file := range realpackages.Files(f, "*/x86_64/*.apk", 12_000) {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		// The sections' tars read as one, of which the last is the package's data. Large seeds make few tries.
		if data = plain(f, data); len(data) <= 16<<10 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		pkg := packageOf(t, data)
		var l Lister
		_, listErr := apkfile.Read(bytes.NewReader(pkg), apkfile.Built(), l.Visit)
		facts, _, err := Extract(bytes.NewReader(pkg), apkfile.Built())
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Fatalf("the error has raw control characters: %q", err)
			}
			return
		}
		if listErr != nil || len(l.Entries) != len(facts.Entries) {
			t.Fatalf("facts have %d entries, a list %d: %v", len(facts.Entries), len(l.Entries), listErr)
		}
		for i := range l.Entries {
			if e := facts.Entries[i]; l.Entries[i].Path != e.Path || l.Entries[i].Type != e.Type || l.Entries[i].File != e.File {
				t.Fatalf("entry %d: facts have %+v, a list %+v", i, e, l.Entries[i])
			}
		}
		text, err := facts.JSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		for i := range facts.Entries {
			if !reflect.DeepEqual(again.Entries[i].Path, facts.Entries[i].Path) || again.Entries[i].Type != facts.Entries[i].Type {
				t.Fatalf("entry %d: %+v after JSON is %+v", i, facts.Entries[i], again.Entries[i])
			}
		}
		for e, file := range facts.Files() {
			if file == nil {
				t.Fatalf("%+v is a link to nothing", e)
			}
		}
	})
}

// packageOf makes a package with this tar as its files.
func packageOf(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	zip, err := gzip.NewWriterLevel(&b, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := zip.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	info := fmt.Sprintf("pkgname = p\npkgver = 1-r0\narch = x86_64\ndatahash = %x\n", sha256.Sum256(b.Bytes()))
	return append(apktest.Section(t, false, apktest.Regular(".PKGINFO", info)), b.Bytes()...)
}

func plain(t testing.TB, zipped []byte) []byte {
	t.Helper()
	zip, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A program's table of applets, if it has one, gives paths, each once for each name.
func FuzzApplets(f *testing.F) {
	f.Add([]byte(busybox(someApplets()...)))
	f.Add([]byte("[\x00[[\x00" + strings.Repeat("3", 100)))
	f.Fuzz(func(t *testing.T, program []byte) {
		paths := applets(program)
		if len(paths) > maxApplets {
			t.Fatalf("%d applets", len(paths))
		}
	})
}
