package apkfile_test

import (
	"archive/tar"
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"

	"github.com/rules-apk/rules_apk/tools/internal/apk/adb"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/verified"
)

func file(path string, mode fs.FileMode, content string) apkfile.Entry {
	return apkfile.Entry{
		Path: path, Mode: mode, Uname: "root", Gname: "root", Size: int64(len(content)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil },
	}
}

func helloPackage() *apkfile.Package {
	return &apkfile.Package{
		Info: apkfile.Info{
			{Key: "pkgname", Value: "hello"}, {Key: "pkgver", Value: "1.0-r0"}, {Key: "arch", Value: "x86_64"},
			{Key: "builddate", Value: "1700000000"}, {Key: "depend", Value: "musl"}, {Key: "depend", Value: "so:libc.so=1"},
		},
		Scripts: map[string][]byte{".post-install": []byte("#!/bin/sh\n"), ".trigger": []byte("#!/bin/sh\necho\n")},
		Entries: []apkfile.Entry{
			file("usr/bin/hello", 0o755|fs.ModeSetuid, "hello, world"),
			file("etc/hello.conf", 0o600, "a=b\n"),
			{Path: "usr/bin/hi", Mode: fs.ModeSymlink | 0o777, Link: "hello"},
			{Path: "var/empty", Mode: fs.ModeDir | fs.ModeSticky | 0o777, UID: 5, GID: 6},
		},
		ModTime: 1700000000,
	}
}

func build(t testing.TB, p *apkfile.Package) []byte {
	t.Helper()
	scratch, err := os.Create(filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	defer scratch.Close()
	var b bytes.Buffer
	if err := apkfile.Write(&b, scratch, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func newSigner(t testing.TB, name string, alg apksign.Algorithm) (*apksign.Signer, *apksign.Keyring) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := apksign.NewSigner(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), name, alg)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	var ring apksign.Keyring
	if err := ring.Add(name, verified.Trust(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), "test")); err != nil {
		t.Fatal(err)
	}
	return signer, &ring
}

func sha(b []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(b)) }

func TestRoundTrip(t *testing.T) {
	for _, alg := range []apksign.Algorithm{"", apksign.RSASHA1, apksign.RSASHA256, apksign.RSASHA512} {
		t.Run("signed by "+string(alg), func(t *testing.T) {
			p := helloPackage()
			var ring *apksign.Keyring
			if alg != "" {
				p.Signer, ring = newSigner(t, "test.rsa.pub", alg)
			}
			apk := build(t, p)
			var got []string
			// A reader of one byte at a time must find the same sections.
			f, err := apkfile.Read(iotest.OneByteReader(bytes.NewReader(apk)), apkfile.Built(), func(h *tar.Header, r io.Reader) error {
				content, err := io.ReadAll(r)
				got = append(got, fmt.Sprintf("%s %c %o %d:%d %q %q %s", h.Name, h.Typeflag, h.Mode, h.Uid, h.Gid, h.Linkname, content, h.PAXRecords["APK-TOOLS.checksum.SHA1"]))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			want := []string{
				`etc/ 5 755 0:0 "" "" `,
				`etc/hello.conf 0 600 0:0 "" "a=b\n" 488068fe1e9468cd95a5f4812ed98b24d25fa997`,
				`usr/ 5 755 0:0 "" "" `,
				`usr/bin/ 5 755 0:0 "" "" `,
				`usr/bin/hello 0 4755 0:0 "" "hello, world" b7e23ec29af22b0b4e41da31e868d57226121c84`,
				`usr/bin/hi 2 777 0:0 "hello" "" aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d`,
				`var/ 5 755 0:0 "" "" `,
				`var/empty/ 5 1777 5:6 "" "" `,
			}
			if !slices.Equal(got, want) {
				t.Errorf("entries:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if f.SHA256 != sha(apk) || f.Size != int64(len(apk)) {
				t.Errorf("file is %s, %d bytes; want %s, %d", f.SHA256, f.Size, sha(apk), len(apk))
			}
			if want := sha(apk[f.Data.Offset:f.Data.End()]); f.LayerDigest != want || f.Data.End() != f.Size {
				t.Errorf("layer %s %+v, want %s", f.LayerDigest, f.Data, want)
			}
			if got, err := f.Info.Int("size"); got != 16 || err != nil {
				t.Errorf("size is %d, %v; want 16", got, err)
			}
			if got := f.Info.List("depend"); !slices.Equal(got, []string{"musl", "so:libc.so=1"}) {
				t.Errorf("depends on %q", got)
			}
			if len(f.Scripts) != 2 || string(f.Scripts[".post-install"]) != "#!/bin/sh\n" {
				t.Errorf("scripts are %q", f.Scripts)
			}
			if alg == "" {
				if len(f.Signatures) != 0 || f.Signature.Size != 0 {
					t.Errorf("signatures %v", f.Signatures)
				}
				return
			}
			if f, err := apkfile.Read(bytes.NewReader(apk), apkfile.Signed(ring), nil); err != nil || f.Key != "test.rsa.pub" {
				t.Errorf("Signed: %+v, %v", f, err)
			}
		})
	}
}

func TestWriteIsDeterministic(t *testing.T) {
	a, b := helloPackage(), helloPackage()
	slices.Reverse(b.Entries)
	if !bytes.Equal(build(t, a), build(t, b)) {
		t.Error("another order of entries gives other bytes")
	}
	// A golden digest: other bytes would change the digest of every package that users build.
	const want = "sha256:4da7017af73889bb746c8803a4dd8316b6e50bb4e82c30dc74494ba2c64d0933"
	if got := sha(build(t, a)); got != want {
		t.Errorf("digest is %s, want %s", got, want)
	}
}

func TestWriteRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(p *apkfile.Package)
		want string
	}{
		{"absolute path", func(p *apkfile.Package) { p.Entries[0].Path = "/usr" }, `path is "/usr"`},
		{"parent path", func(p *apkfile.Package) { p.Entries[0].Path = "usr/../x" }, `path is "usr/../x"`},
		{"twice", func(p *apkfile.Package) { p.Entries = append(p.Entries, p.Entries[0]) }, "usr/bin/hello is given twice"},
		{"file as directory", func(p *apkfile.Package) { p.Entries[1].Path = "usr/bin/hello/x" }, "not a directory"},
		{"dot file at root", func(p *apkfile.Package) { p.Entries[0].Path = ".PKGINFO" }, "names begin with a dot"},
		{"wrong size", func(p *apkfile.Package) { p.Entries[0].Size = 3 }, "usr/bin/hello: has 12 bytes, want 3"},
		{"device", func(p *apkfile.Package) { p.Entries[2].Mode = fs.ModeDevice }, "want a file, directory or symbolic link"},
		{"no arch", func(p *apkfile.Package) { p.Info = p.Info[:2] }, `no "arch"`},
		{"datahash", func(p *apkfile.Package) { p.Info = append(p.Info, apkfile.Pair{Key: "datahash", Value: "1"}) }, "it is computed"},
		{"two lines", func(p *apkfile.Package) { p.Info[1].Value = "1\nx = y" }, "want one line"},
		{"script name", func(p *apkfile.Package) { p.Scripts["post"] = nil }, `script "post"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := helloPackage()
			tt.edit(p)
			scratch, err := os.Create(filepath.Join(t.TempDir(), "data"))
			if err != nil {
				t.Fatal(err)
			}
			defer scratch.Close()
			if err := apkfile.Write(io.Discard, scratch, p); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Write: %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestReadSeveralDataMembers(t *testing.T) {
	apk := build(t, helloPackage())
	f, err := apkfile.Read(bytes.NewReader(apk), apkfile.Built(), nil)
	if err != nil {
		t.Fatal(err)
	}
	plain := gunzip(t, apk[f.Data.Offset:])
	var split bytes.Buffer
	split.Write(apk[:f.Data.Offset])
	for _, part := range [][]byte{plain[:700], plain[700:]} {
		gz := gzip.NewWriter(&split)
		gz.Write(part)
		gz.Close()
	}
	// The control section states the digest of the one member.
	_, err = apkfile.Read(bytes.NewReader(split.Bytes()), apkfile.Built(), nil)
	if err == nil || !strings.Contains(err.Error(), "want "+f.LayerDigest[7:]) {
		t.Errorf("a repacked data section: %v", err)
	}
	old, repacked := f.LayerDigest[7:], sha(split.Bytes()[f.Data.Offset:])
	control := bytes.Replace(gunzip(t, apk[:f.Data.Offset]), []byte(old), []byte(repacked[7:]), 1)
	var restated bytes.Buffer
	gz := gzip.NewWriter(&restated)
	gz.Write(control)
	gz.Close()
	data := restated.Len()
	restated.Write(split.Bytes()[f.Data.Offset:])
	g, err := apkfile.Read(bytes.NewReader(restated.Bytes()), apkfile.Built(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if g.LayerDigest != repacked || g.Data.Offset != int64(data) || g.Data.End() != int64(restated.Len()) {
		t.Errorf("layer %s %+v, want %s from %d up to %d", g.LayerDigest, g.Data, repacked, data, restated.Len())
	}
	if g.DiffID != f.DiffID || g.DiffID != sha(plain) {
		t.Errorf("diff_id %s, want %s", g.DiffID, f.DiffID)
	}
}

func gunzip(t *testing.T, b []byte) []byte {
	t.Helper()
	gz, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(gz)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func TestReadTruncated(t *testing.T) {
	p := helloPackage()
	p.Signer, _ = newSigner(t, "test.rsa.pub", apksign.RSASHA256)
	apk := build(t, p)
	for n := range apk {
		if _, err := apkfile.Read(bytes.NewReader(apk[:n]), apkfile.Built(), nil); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("first %d of %d bytes: %v, want unexpected EOF", n, len(apk), err)
		}
	}
	if _, err := apkfile.Read(bytes.NewReader(append(apk, "garbage"...)), apkfile.Built(), nil); err == nil {
		t.Error("garbage after the data section: no error")
	}
}

func TestReadRefuses(t *testing.T) {
	tarball := func(name string) string {
		var b bytes.Buffer
		gz := gzip.NewWriter(&b)
		tw := tar.NewWriter(gz)
		tw.WriteHeader(&tar.Header{Name: name, Size: 1, Mode: 0o644})
		tw.Write([]byte("x"))
		tw.Flush()
		gz.Close()
		return b.String()
	}
	for _, tt := range []struct{ name, in, want string }{
		{"html", "<html>not found</html>", "not a gzip stream"},
		{"tar.gz", tarball("README"), "no .PKGINFO"},
		{"empty info", tarball(".PKGINFO"), `no "pkgname" line`},
		{"git lfs", "version https://git-lfs.github.com/spec/v1\noid sha256:1234\n", "this is a Git LFS pointer"},
		{"version 3", "ADBd\x01\x02\x03\x04", "apk version 3"},
	} {
		_, err := apkfile.Read(strings.NewReader(tt.in), apkfile.Built(), nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want an error with %q", tt.name, err, tt.want)
		}
		if v3 := errors.Is(err, adb.ErrVersion3); v3 != (tt.name == "version 3") {
			t.Errorf("%s: version 3: %v", tt.name, v3)
		}
	}
}

func TestReadPassesVisitorErrorOn(t *testing.T) {
	stop := errors.New("stop")
	_, err := apkfile.Read(bytes.NewReader(build(t, helloPackage())), apkfile.Built(), func(h *tar.Header, _ io.Reader) error {
		if h.Name == "usr/bin/hello" {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) {
		t.Errorf("Read: %v, want the visitor's error", err)
	}
}

func TestVerifyRefuses(t *testing.T) {
	p := helloPackage()
	signer, ring := newSigner(t, "test.rsa.pub", apksign.RSASHA256)
	_, other := newSigner(t, "other.rsa.pub", apksign.RSASHA256)
	_, impostor := newSigner(t, "test.rsa.pub", apksign.RSASHA256)
	read := func(trust apkfile.Trust) error {
		f, err := apkfile.Read(bytes.NewReader(build(t, p)), trust, nil)
		if (f == nil) != (err != nil) {
			t.Errorf("a file %v beside the error %v", f, err)
		}
		return err
	}
	if err := read(apkfile.Signed(ring)); !errors.Is(err, apksign.ErrUnsigned) {
		t.Errorf("unsigned: %v", err)
	}
	p.Signer = signer
	if err := read(apkfile.Signed(ring)); err != nil {
		t.Errorf("signed: %v", err)
	}
	if err := read(apkfile.Signed(other)); !errors.Is(err, apksign.ErrUnknownKey) || !strings.Contains(err.Error(), `"test.rsa.pub"`) {
		t.Errorf("unknown key: %v", err)
	}
	if err := read(apkfile.Signed(impostor)); !errors.Is(err, apksign.ErrBad) {
		t.Errorf("another key of the same name: %v", err)
	}
	f, err := apkfile.Read(bytes.NewReader(build(t, p)), apkfile.Built(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := read(apkfile.Indexed("Q1xxxx")); err == nil || !strings.Contains(err.Error(), f.Checksum) {
		t.Errorf("checksum: %v", err)
	}
	if err := read(apkfile.Indexed(f.Checksum)); err != nil {
		t.Error(err)
	}
	if err := read(apkfile.Locked(f.Checksum, f.SHA256)); err != nil {
		t.Error(err)
	}
	if err := read(apkfile.Locked(f.Checksum, sha(nil))); err == nil || !strings.Contains(err.Error(), "as the lock states") {
		t.Errorf("another file: %v", err)
	}
	if err := read(apkfile.Trust{}); err == nil || !strings.Contains(err.Error(), "nothing vouches") {
		t.Errorf("no trust: %v", err)
	}
}

// Reading must not take memory in proportion to the package.
func TestReadMemory(t *testing.T) {
	p := helloPackage()
	const size = 64 << 20
	p.Entries = append(p.Entries, apkfile.Entry{Path: "big", Size: size, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.LimitReader(zeros{}, size)), nil
	}})
	apk := build(t, p)
	r := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := apkfile.Read(bytes.NewReader(apk), apkfile.Built(), nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	if got := r.AllocedBytesPerOp(); got > 1<<20 {
		t.Errorf("reading a package of %d bytes allocates %d bytes, want less than 1 MiB", size, got)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
