package apkindex_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkoracle"
	"github.com/rules-apk/rules_apk/tools/internal/test/realpackages"
	"github.com/rules-apk/rules_apk/tools/internal/verified"
)

func file(t *testing.T, name, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(content)), Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	w.Write([]byte(content))
	w.Flush()
	return b.Bytes()
}

func zip(plain ...[]byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(slices.Concat(plain...))
	w.Close()
	return b.Bytes()
}

// entry is one of an index; apk takes those of one checksum for one package.
func entry(checksum, lines string) string {
	sum := sha1.Sum([]byte(checksum))
	return "C:Q1" + base64.StdEncoding.EncodeToString(sum[:]) + "\n" + lines + "\n"
}

// What indexes of odd forms are read as is what apk reads: it chooses the same packages by the index and by what we
// have read of it.
func TestReadsWhatApkReads(t *testing.T) {
	oracle, err := apkoracle.New(realpackages.Dir(t), t.TempDir())
	if errors.Is(err, apkoracle.ErrUnavailable) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	end := make([]byte, 1024)
	var rest string
	for _, name := range []string{"b", "c", "d"} {
		rest += entry(name, "P:"+name+"\nV:1\nA:x86_64\n")
	}
	text := func(entries ...string) []byte {
		return zip(file(t, "APKINDEX", strings.Join(entries, "")+rest), end)
	}
	a := func(lines string) string { return entry("a"+lines, "P:a\nV:1\nA:x86_64\n"+lines) }
	for _, tt := range []struct {
		name  string
		index []byte
		want  string // apk's answer to "a", or an error of ours
	}{
		{"plain", text(a("D:b\n")), "[b 1 a 1]"},
		{"dependencies in two lines", text(a("D:b\nD:c\n")), "[b 1 c 1 a 1]"},
		{"provides in two lines", text(a("D:x y\n"), entry("e", "P:e\nV:1\nA:x86_64\np:x=1\np:y=1\n")), "[e 1 a 1]"},
		{"install_if in two lines", text(a(""), entry("e", "P:e\nV:1\nA:x86_64\ni:a=1\ni:b\n")), "[a 1]"},
		{"install_if in two lines, met", text(a("D:b\n"), entry("e", "P:e\nV:1\nA:x86_64\ni:a=1\ni:b\n")), "[b 1 e 1 a 1]"},
		{"two names", text(entry("a", "P:q\nP:a\nV:1\nA:x86_64\nD:b\n")), "[b 1 a 1]"},
		{"two versions", text(a("V:2\nD:b\n")), "[b 1 a 2]"},
		{"two priorities", text(a("D:x\n"), entry("e", "P:e\nV:1\nA:x86_64\np:x\nk:5\nk:1\n"), entry("f", "P:f\nV:1\nA:x86_64\np:x\nk:3\n")), "[f 1 a 1]"},
		{"an entry twice", text(a("D:b\n"), a("D:c\n")), "[b 1 a 1]"},
		{"an entry twice, the other way", text(a("D:c\n"), a("D:b\n")), "[c 1 a 1]"},
		{"a lower-case field of the future", text(a("z:y\nD:b\n")), "[b 1 a 1]"},
		{"no end of the archive", zip(file(t, "APKINDEX", a("D:b\n")+rest)), "[b 1 a 1]"},
		{"two gzip streams", slices.Concat(zip(file(t, "DESCRIPTION", "x")), zip(file(t, "APKINDEX", a("D:b\n")+rest), end)), "[b 1 a 1]"},
		{"index after the end", slices.Concat(zip(file(t, "DESCRIPTION", "x"), end), zip(file(t, "APKINDEX", a("")), end)), "no file APKINDEX"},
		{"another index after the end", slices.Concat(text(a("")), text(a("D:b\n"))), "after the end of its archive: more than zeros"},
		{"two indexes", zip(file(t, "APKINDEX", a("")), file(t, "APKINDEX", rest), end), "two files APKINDEX"},
		{"./APKINDEX", zip(file(t, "./APKINDEX", a("")), end), "no file APKINDEX"},
		{"a checksum of version 3", text("C:Q2AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:a\nV:1\nA:x86_64\n\n"), `checksum (field C) is "Q2AAAA`},
		{"a time after the year 9999", text(a("t:253402300800\n")), "field t: got 253402300800, want Unix seconds from 0 to 253402300799"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			index, err := apkindex.Read(verified.Trust(tt.index, "test"))
			if err != nil || tt.want[0] != '[' {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error is %v, want one with %q", err, tt.want)
				}
				return
			}
			raw, err := oracle.AddRaw("raw", tt.index)
			if err != nil {
				t.Fatal(err)
			}
			read, err := oracle.AddUnsigned("read", index.Packages)
			if err != nil {
				t.Fatal(err)
			}
			for _, repository := range []string{raw, read} {
				answer, err := oracle.Simulate([]string{repository}, []string{"a"})
				if got := fmt.Sprint(answer); err != nil || got != tt.want {
					t.Errorf("%s: apk chooses %s, want %s; %v", repository, got, tt.want, err)
				}
			}
		})
	}
}
