package apkindex

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"

	"github.com/rules-apk/rules_apk/tools/internal/apk/adb"
)

const text = `C:Q1abcdefghijklmnopqrstuvwxyz0=
P:libfoo
V:1.2.3-r4
A:x86_64
S:1234
I:5678
T:A library: with a colon
U:https://example.com/
L:MIT AND Apache-2.0
o:foo
m:Some One <one@example.com>
t:1700000000
c:0123456789abcdef
k:10
D:so:libc.musl-x86_64.so.1 bar>=2 !baz
p:so:libfoo.so.1=1.2.3 cmd:foo=1.2.3-r4 virtual
i:foo=1.2.3-r4 docs

P:tiny
V:1
S:0
I:0
T:
U:
L:

`

func want() []*Package {
	return []*Package{
		{
			Name: "libfoo", Version: "1.2.3-r4", Arch: "x86_64", Description: "A library: with a colon",
			URL: "https://example.com/", License: "MIT AND Apache-2.0", Origin: "foo",
			Maintainer: "Some One <one@example.com>", Commit: "0123456789abcdef",
			Checksum: "Q1abcdefghijklmnopqrstuvwxyz0=", Size: 1234, InstalledSize: 5678, BuildTime: 1700000000,
			ProviderPriority: 10,
			Depends:          []string{"so:libc.musl-x86_64.so.1", "bar>=2", "!baz"},
			Provides:         []string{"so:libfoo.so.1=1.2.3", "cmd:foo=1.2.3-r4", "virtual"},
			InstallIf:        []string{"foo=1.2.3-r4", "docs"},
		},
		{Name: "tiny", Version: "1"},
	}
}

func TestParse(t *testing.T) {
	for name, input := range map[string]io.Reader{
		"whole":             strings.NewReader(text),
		"one byte a read":   iotest.OneByteReader(strings.NewReader(text)),
		"no last line end":  strings.NewReader(strings.TrimRight(text, "\n")),
		"empty lines ahead": strings.NewReader("\n\n" + text + "\n\n"),
		"newer field":       strings.NewReader(strings.Replace(text, "P:libfoo", "P:libfoo\nz:later", 1)),
	} {
		got, err := Parse(input)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !reflect.DeepEqual(got, want()) {
			t.Errorf("%s: got %+v, want %+v", name, got, want())
		}
	}
}

func TestParseUnknown(t *testing.T) {
	got, err := Parse(strings.NewReader("P:a\nV:1\nX:needed\nz:not needed\nY:needed\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Unknown != "XY" {
		t.Errorf("unknown fields %q, want XY", got[0].Unknown)
	}
}

func TestParseLongLine(t *testing.T) {
	long := strings.Repeat("dep ", 100_000)
	got, err := Parse(strings.NewReader("P:a\nV:1\nD:" + long + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(got[0].Depends); n != 100_000 {
		t.Errorf("%d dependencies, want 100000", n)
	}
}

func TestParseRefuses(t *testing.T) {
	for input, want := range map[string]string{
		"P:a\nV:1\nnonsense\n":    "line 3: got \"nonsense\"",
		"P:a\nV:1\nS:many\n":      "line 3: field S: got \"many\", want a number",
		"V:1\n":                   "no name",
		"P:a\n\nP:b\nV:1\n":       "package \"a\" has no version",
		"\n\nP:a\nV:1\nt:12:30\n": "line 5: field t",
	} {
		_, err := Parse(strings.NewReader(input))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) gives error %v, want one with %q", input, err, want)
		}
	}
	broken := errors.New("line broke")
	if _, err := Parse(io.MultiReader(strings.NewReader("P:a\nV:1\n"), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("a read error comes back as %v, want %v", err, broken)
	}
}

func TestWriteReadsBack(t *testing.T) {
	var out bytes.Buffer
	packages := want()
	if err := Write(&out, []*Package{packages[1], packages[0]}); err != nil {
		t.Fatal(err)
	}
	if out.String() != text {
		t.Errorf("got\n%s\nwant\n%s", out.String(), text)
	}
}

func TestWriteRefuses(t *testing.T) {
	for _, p := range []*Package{
		{Version: "1"},
		{Name: "a"},
		{Name: "a", Version: "1", Description: "two\nlines"},
	} {
		if err := Write(io.Discard, []*Package{p}); err == nil {
			t.Errorf("%+v is written, want an error", p)
		}
	}
}

// archive is a gzip member with a tar of the files, without or with an end.
func archive(t *testing.T, ended bool, files ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	w := tar.NewWriter(zipped)
	for i := 0; i < len(files); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: files[i], Mode: 0o644, Size: int64(len(files[i+1]))}); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, files[i+1])
	}
	finish := w.Flush
	if ended {
		finish = w.Close
	}
	if err := errors.Join(finish(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestReadIndex(t *testing.T) {
	var unsigned bytes.Buffer
	if err := WriteArchive(&unsigned, &Index{Description: "v1.0", Packages: want()}); err != nil {
		t.Fatal(err)
	}
	for name, signature := range map[string][]byte{
		"unsigned":                nil,
		"signed":                  archive(t, false, ".SIGN.RSA.key.rsa.pub", "signature"),
		"signed, with a tar end":  archive(t, true, ".SIGN.RSA.key.rsa.pub", "signature"),
		"signed by several, ends": append(archive(t, true, ".SIGN.RSA.a", "s"), archive(t, false, ".SIGN.RSA256.b", "s")...),
	} {
		got, err := ReadIndex(bytes.NewReader(append(bytes.Clone(signature), unsigned.Bytes()...)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Description != "v1.0" || !reflect.DeepEqual(got.Packages, want()) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	whole := archive(t, true, "APKINDEX", text)
	for name, tc := range map[string]struct {
		input []byte
		want  string
	}{
		"text":       {[]byte(text), "not gzip"},
		"empty":      {nil, "not gzip"},
		"no index":   {archive(t, true, "README", "hello"), "no file APKINDEX"},
		"truncated":  {whole[:len(whole)-20], "unexpected EOF"},
		"plain v3":   {[]byte("ADB.rest"), "apk version 3"},
		"deflate v3": {[]byte("ADBdrest"), "apk version 3"},
		"zstd v3":    {[]byte("ADBcrest"), "apk version 3"},
	} {
		_, err := Read(bytes.NewReader(tc.input))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, tc.want)
		}
	}
	if _, err := Read(strings.NewReader("ADBd....")); !errors.Is(err, adb.ErrVersion3) {
		t.Errorf("error %v, want adb.ErrVersion3", err)
	}
}
