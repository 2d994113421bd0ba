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
	"github.com/rules-apk/rules_apk/tools/internal/verified"
)

const checksumLine = "C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"

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

C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=
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
		{Name: "tiny", Version: "1", Checksum: "Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA="},
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
		got, err := parse(input)
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
	got, err := parse(strings.NewReader(checksumLine + "P:a\nV:1\nX:needed\nz:not needed\nY:needed\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Unknown != "XY" {
		t.Errorf("unknown fields %q, want XY", got[0].Unknown)
	}
}

func TestParseLongLine(t *testing.T) {
	long := strings.Repeat("dep ", 100_000)
	got, err := parse(strings.NewReader(checksumLine + "P:a\nV:1\nD:" + long + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(got[0].Depends); n != 100_000 {
		t.Errorf("%d dependencies, want 100000", n)
	}
}

func TestParseRefuses(t *testing.T) {
	for input, want := range map[string]string{
		"P:a\nV:1\nnonsense\n":      "line 3: got \"nonsense\"",
		"P:a\nV:1\nS:many\n":        "line 3: field S: got \"many\", want a number",
		"V:1\n":                     "no name",
		"P:a\n\nP:b\nV:1\n":         "package \"a\" has no version",
		"\n\nP:a\nV:1\nt:12:30\n":   "line 5: field t",
		"P:a\nV:1\nI:-1\n":          "line 3: field I: got -1, want a number that is not below 0",
		"P:a\nV:1\nt:-1\n":          "line 3: field t: got -1, want",
		"P:a\nV:1\nS:-1\n":          "line 3: field S: got -1, want",
		"P:a\nV:1\n":                `line 3: the package above: package "a" has no checksum (field C), so nothing vouches for its file; want Q1`,
		"P:a\nV:1\nC:Q2aaaa\n":      `package "a": checksum (field C) is "Q2aaaa", want Q1`,
		"P:../../../up/a\nV:1\n":    `line 3: the package above: package name "../../../up/a" begins with "."`,
		"P:_lock\nV:1\n":            `package name "_lock" begins with "_"`,
		"P:$(id)\nV:1\n":            `package name "$(id)" begins with "$"`,
		"P:a:b\nV:1\n":              `package name "a:b" holds ":"`,
		"P:-rf\nV:1\n":              `package name "-rf" begins with "-"`,
		"P:a\nV:1/../../../x\n":     `package "a": version is "1/../../../x", want digits`,
		"P:a\nV:2.7.18.10-git-r0\n": `package "a": version is "2.7.18.10-git-r0", want digits`,
		"P:a\nV:1\nD:" + strings.Repeat("a", maxEntry) + "\n": "the entry of one package is longer than 4194304 bytes",
	} {
		_, err := parse(strings.NewReader(input))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parse(%.100q) gives error %v, want one with %q", input, err, want)
		}
	}
	broken := errors.New("line broke")
	if _, err := parse(io.MultiReader(strings.NewReader("P:a\nV:1\n"), iotest.ErrReader(broken))); !errors.Is(err, broken) {
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

func TestRead(t *testing.T) {
	var out bytes.Buffer
	if err := WriteArchive(&out, &Index{Description: "v1.0", Packages: want()}); err != nil {
		t.Fatal(err)
	}
	got, err := Read(signed(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if got.Description != "v1.0" || !reflect.DeepEqual(got.Packages, want()) {
		t.Errorf("got %+v", got)
	}
	if got.Time != 1700000000 {
		t.Errorf("time is %d, want the newest build time", got.Time)
	}
}

func signed(b []byte) verified.Bytes { return verified.Trust(b, "test") }

func TestReadRefuses(t *testing.T) {
	whole := archive(t, true, "APKINDEX", text)
	sig := archive(t, false, ".SIGN.RSA.key.rsa.pub", "signature")
	for name, tc := range map[string]struct {
		input []byte
		want  string
	}{
		"text":                {[]byte(text), "not gzip"},
		"empty":               {nil, "not gzip"},
		"no index":            {archive(t, true, "README", "hello"), "no file APKINDEX"},
		"truncated":           {whole[:len(whole)-20], "unexpected EOF"},
		"plain v3":            {[]byte("ADB.rest"), "apk version 3"},
		"deflate v3":          {[]byte("ADBdrest"), "apk version 3"},
		"zstd v3":             {[]byte("ADBcrest"), "apk version 3"},
		"with its signature":  {append(sig, whole...), `the signed part holds ".SIGN.RSA.key.rsa.pub"`},
		"two indexes":         {archive(t, true, "APKINDEX", text, "APKINDEX", text), "two files APKINDEX"},
		"another index after": {append(bytes.Clone(whole), whole...), "after the end of its archive: more than zeros"},
		"many files":          {archive(t, true, strings.Split(strings.Repeat("x/x/", 101), "/")[:202]...), "more than 100 files"},
	} {
		_, err := Read(signed(tc.input))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, tc.want)
		}
	}
	if _, err := Read(signed([]byte("ADBd...."))); !errors.Is(err, adb.ErrVersion3) {
		t.Errorf("error %v, want adb.ErrVersion3", err)
	}
}
