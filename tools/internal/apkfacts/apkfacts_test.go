package apkfacts

import (
	"archive/tar"
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// section makes a gzipped tar; the end of the archive is left out of all but the last section.
func section(t *testing.T, last bool, entries ...*tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	w := tar.NewWriter(zip)
	for _, h := range entries {
		content := h.PAXRecords["TEST.content"]
		delete(h.PAXRecords, "TEST.content")
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(content))
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content[:h.Size]); err != nil {
			t.Fatal(err)
		}
	}
	err := w.Flush()
	if last {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// pkg makes a package file of data entries.
func pkg(t *testing.T, entries ...*tar.Header) []byte {
	t.Helper()
	data := section(t, true, entries...)
	info := fmt.Sprintf("pkgname = p\npkgver = 1-r0\narch = x86_64\ndatahash = %x\n", sha256.Sum256(data))
	control := section(t, false, reg(".PKGINFO", info), reg(".post-install", "#!/bin/sh\n"))
	return append(control, data...)
}

func reg(name, content string) *tar.Header {
	return &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, PAXRecords: map[string]string{"TEST.content": content}}
}

// stated makes the entry state a checksum.
func stated(h *tar.Header, of string) *tar.Header {
	sum := sha1.Sum([]byte(of))
	if h.PAXRecords == nil {
		h.PAXRecords = map[string]string{}
	}
	h.PAXRecords["APK-TOOLS.checksum.SHA1"] = hex.EncodeToString(sum[:])
	return h
}

// Everything that a package can ship comes through, and through JSON and back.
func TestNothingIsLost(t *testing.T) {
	long := strings.Repeat("long/", 50) + "name"
	suid := stated(reg("bin/su", "su"), "su")
	suid.Mode, suid.Uid, suid.Gid, suid.Uname, suid.Gname = 0o6755, 7, 8, "user", "group"
	suid.PAXRecords["SCHILY.xattr.security.capability"] = "\x01\x00\x00\x02"
	f, file, err := Extract(bytes.NewReader(pkg(t,
		&tar.Header{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o1777},
		suid,
		&tar.Header{Typeflag: tar.TypeLink, Name: "bin/su2", Linkname: "bin/su", Mode: 0o6755},
		stated(&tar.Header{Typeflag: tar.TypeSymlink, Name: "bin/ln", Linkname: "su", Mode: 0o777}, "su"),
		reg(long, "unstated"),
		&tar.Header{Typeflag: tar.TypeChar, Name: "dev/null", Devmajor: 1, Devminor: 3, Mode: 0o666},
		&tar.Header{Typeflag: tar.TypeBlock, Name: "dev/sda", Devmajor: 8, Mode: 0o600},
		&tar.Header{Typeflag: tar.TypeFifo, Name: "run/pipe", Mode: 0o600},
		reg("etc/passwd", "root:x:0:0:::\n"),
	)))
	if err != nil {
		t.Fatal(err)
	}
	sum := func(s string) string {
		h := sha1.Sum([]byte(s))
		return checksum(h[:])
	}
	want := []Entry{
		{Path: "tmp", Type: Dir, Mode: 0o1777},
		{Path: "bin/su", Mode: 0o6755, UID: 7, GID: 8, Uname: "user", Gname: "group", Size: 2, Checksum: sum("su"),
			Xattrs: map[string][]byte{"security.capability": []byte("\x01\x00\x00\x02")}},
		{Path: "bin/su2", Type: Hardlink, Mode: 0o6755, Link: "bin/su", Checksum: sum("su")},
		{Path: "bin/ln", Type: Symlink, Mode: 0o777, Link: "su", Checksum: sum("su")},
		{Path: long, Mode: 0o644, Size: 8, Checksum: sum("unstated"), Unstated: true},
		{Path: "dev/null", Type: CharDev, Mode: 0o666, Dev: &[2]int64{1, 3}, Unstated: true},
		{Path: "dev/sda", Type: BlockDev, Mode: 0o600, Dev: &[2]int64{8, 0}, Unstated: true},
		{Path: "run/pipe", Type: NamedPipe, Mode: 0o600, Unstated: true},
		{Path: "etc/passwd", Mode: 0o644, Size: 14, Checksum: sum("root:x:0:0:::\n"), Unstated: true, Content: []byte("root:x:0:0:::\n")},
	}
	for i := range want {
		if i >= len(f.Entries) || !reflect.DeepEqual(f.Entries[i], want[i]) {
			t.Errorf("entry %d is\n%+v, want\n%+v", i, f.Entries[i], want[i])
		}
	}
	if f.Layer.Digest.String() != file.LayerDigest || f.Layer.Size != file.Data.Size || f.Layer.Offset != file.Data.Offset || f.Layer.DiffID.String() != file.DiffID {
		t.Errorf("layer is %+v", f.Layer)
	}
	if f.Scripts[".post-install"] != "#!/bin/sh\n" || f.Value("pkgname") != "p" {
		t.Errorf("scripts are %q, info is %q", f.Scripts, f.Info)
	}
	data, err := f.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Parse(data); err != nil || !reflect.DeepEqual(again, f) {
		t.Errorf("after JSON: %+v, %v, want %+v", again, err, f)
	}
}

func TestBadPackages(t *testing.T) {
	for name, c := range map[string]struct {
		entry *tar.Header
		want  string
	}{
		"absolute name":    {reg("/etc/x", ""), "want a path relative to the root"},
		"name with dots":   {reg("usr/../../x", ""), `want a path without ".."`},
		"dots in front":    {reg("../x", ""), `want a path without ".."`},
		"dot in front":     {reg("./etc/x", ""), `want a path without ".."`},
		"hard link out":    {&tar.Header{Typeflag: tar.TypeLink, Name: "x", Linkname: "../y"}, "hard link: name is"},
		"device elsewhere": {&tar.Header{Typeflag: tar.TypeChar, Name: "etc/null", Devmajor: 1, Devminor: 3}, "device outside dev/"},
		"wrong checksum":   {stated(reg("x", "content"), "other"), "but the package states Q1"},
		"wrong link":       {stated(&tar.Header{Typeflag: tar.TypeSymlink, Name: "x", Linkname: "y"}, "z"), "but the package states Q1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Extract(bytes.NewReader(pkg(t, c.entry)))
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.entry.Name) {
				t.Errorf("error is %v, want %q with the name", err, c.want)
			}
		})
	}
	damaged := pkg(t, reg("x", strings.Repeat("y", 100)))
	if _, _, err := Extract(bytes.NewReader(damaged[:len(damaged)-20])); err == nil {
		t.Error("a truncated package is taken")
	}
	if _, err := Parse([]byte(`{"format":2}`)); err == nil || !strings.Contains(err.Error(), "format is 2, want 1") {
		t.Errorf("error is %v, want one about the format", err)
	}
}

func TestKeepContent(t *testing.T) {
	for path, want := range map[string]bool{
		"etc/passwd": true, "etc/ssl/certs/ca-certificates.crt": true, "etc/ld.so.conf.d/x.conf": true, "etc/busybox-paths.d/busybox": true,
		"usr/lib/jvm/java-17/lib/security/cacerts": true, "etc/ssl/certs/java/cacerts": true, "bin/busybox": false, "etc/hosts": false,
	} {
		if got := keepContent(path, 10); got != want {
			t.Errorf("keepContent(%q) = %v, want %v", path, got, want)
		}
	}
	if keepContent("etc/passwd", maxContent+1) {
		t.Error("a file of any size is kept")
	}
}
