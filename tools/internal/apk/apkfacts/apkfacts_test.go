package apkfacts

import (
	"archive/tar"
	"bytes"
	"crypto/sha1"
	"reflect"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktest"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

func entry(h *tar.Header) apktest.File { return apktest.File{Header: h} }

// Everything that a package can ship comes through, and through JSON and back.
func TestNothingIsLost(t *testing.T) {
	long := strings.Repeat("long/", 50) + "name"
	suid := apktest.Regular("bin/su", "su").Stated().With("SCHILY.xattr.security.capability", "\x01\x00\x00\x02")
	suid.Mode, suid.Uid, suid.Gid, suid.Uname, suid.Gname = 0o6755, 7, 8, "user", "group"
	f, file, err := Extract(bytes.NewReader(apktest.Package(t, "p", "", map[string]string{".post-install": "#!/bin/sh\n"},
		entry(&tar.Header{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o1777}),
		suid,
		entry(&tar.Header{Typeflag: tar.TypeLink, Name: "bin/su2", Linkname: "bin/su", Mode: 0o6755}),
		entry(&tar.Header{Typeflag: tar.TypeSymlink, Name: "bin/ln", Linkname: "su", Mode: 0o777}).Stated(),
		apktest.Regular(long, "unstated"),
		entry(&tar.Header{Typeflag: tar.TypeChar, Name: "dev/null", Devmajor: 1, Devminor: 3, Mode: 0o666}),
		entry(&tar.Header{Typeflag: tar.TypeBlock, Name: "dev/sda", Devmajor: 8, Mode: 0o600}),
		entry(&tar.Header{Typeflag: tar.TypeFifo, Name: "run/pipe", Mode: 0o600}),
		apktest.Regular("etc/passwd", "root:x:0:0:::\n"),
	)), apkfile.Built())
	if err != nil {
		t.Fatal(err)
	}
	sum := func(s string) string {
		h := sha1.Sum([]byte(s))
		return checksum(h[:])
	}
	want := []Entry{
		{Path: imagepath.Must("tmp"), Type: Dir, Mode: 0o1777},
		{Path: imagepath.Must("bin/su"), Mode: 0o6755, UID: 7, GID: 8, Uname: "user", Gname: "group", Size: 2, Checksum: sum("su"),
			Xattrs: map[string][]byte{"security.capability": []byte("\x01\x00\x00\x02")}},
		{Path: imagepath.Must("bin/su2"), Type: Hardlink, Mode: 0o6755, File: imagepath.Must("bin/su"), Checksum: sum("su")},
		{Path: imagepath.Must("bin/ln"), Type: Symlink, Mode: 0o777, Link: "su", Checksum: sum("su")},
		{Path: imagepath.Must(long), Mode: 0o644, Size: 8, Checksum: sum("unstated"), Unstated: true},
		{Path: imagepath.Must("dev/null"), Type: CharDev, Mode: 0o666, Dev: &[2]int64{1, 3}, Unstated: true},
		{Path: imagepath.Must("dev/sda"), Type: BlockDev, Mode: 0o600, Dev: &[2]int64{8, 0}, Unstated: true},
		{Path: imagepath.Must("run/pipe"), Type: NamedPipe, Mode: 0o600, Unstated: true},
		{Path: imagepath.Must("etc/passwd"), Mode: 0o644, Size: 14, Checksum: sum("root:x:0:0:::\n"), Unstated: true, Content: []byte("root:x:0:0:::\n")},
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

// wrong states a checksum that the file does not have.
func wrong(f apktest.File) apktest.File {
	return f.With(checksumRecord, strings.Repeat("00", sha1.Size))
}

func TestBadPackages(t *testing.T) {
	for name, c := range map[string]struct {
		file apktest.File
		want string
	}{
		"absolute name":    {apktest.Regular("/etc/x", ""), "is absolute; want one relative to the root of the image"},
		"name with dots":   {apktest.Regular("usr/../../x", ""), `has the part ".."`},
		"dots in front":    {apktest.Regular("../x", ""), `has the part ".."`},
		"dot in front":     {apktest.Regular("./etc/x", ""), `has the part "."`},
		"whiteout":         {apktest.Regular("etc/.wh.x", ""), "says that something is removed"},
		"hard link out":    {entry(&tar.Header{Typeflag: tar.TypeLink, Name: "x", Linkname: "../y"}), "is a hard link: path \"../y\" has the part"},
		"device elsewhere": {entry(&tar.Header{Typeflag: tar.TypeChar, Name: "etc/null", Devmajor: 1, Devminor: 3}), "device outside dev/"},
		"wrong checksum":   {wrong(apktest.Regular("x", "content")), "but the package states Q1"},
		"wrong link":       {wrong(entry(&tar.Header{Typeflag: tar.TypeSymlink, Name: "x", Linkname: "y"})), "but the package states Q1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Extract(bytes.NewReader(apktest.Package(t, "p", "", nil, c.file)), apkfile.Built())
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.file.Name) {
				t.Errorf("error is %v, want %q with the name", err, c.want)
			}
		})
	}
	damaged := apktest.Package(t, "p", "", nil, apktest.Regular("x", strings.Repeat("y", 100)))
	if _, _, err := Extract(bytes.NewReader(damaged[:len(damaged)-20]), apkfile.Built()); err == nil {
		t.Error("a truncated package is taken")
	}
	if _, err := Parse([]byte(`{"format":2}`)); err == nil || !strings.Contains(err.Error(), "format is 2, want 1") {
		t.Errorf("error is %v, want one about the format", err)
	}
}

// Names that would put a record into apk's database which no package has, or hide files of an image. Both who makes
// facts and who makes a lock see them; the error names the package and shows the name without its control characters.
func TestForgedNames(t *testing.T) {
	const record = "\nZ:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\nC:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:openssl\nV:9.9.9-r0\nA:x86_64\nF:etc\nR:z"
	directory := func(name string) apktest.File {
		return entry(&tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755})
	}
	for name, c := range map[string]struct {
		file apktest.File
		want string
	}{
		"record by a file":       {apktest.Regular("usr/x"+record, ""), `path "usr/x\nZ:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\nC:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:openssl\nV:9.9.9-r0\nA:x86_64\nF:etc\nR:z" has the control character 0x0a`},
		"record by a directory":  {directory("usr/x" + record + "/"), `R:z/" has the control character 0x0a`},
		"record by a link":       {entry(&tar.Header{Typeflag: tar.TypeSymlink, Name: "usr/x\nR:y", Linkname: "z"}), "has the control character 0x0a"},
		"escape sequence":        {apktest.Regular("usr/\x1b[2J", ""), `path "usr/\x1b[2J" has the control character 0x1b`},
		"opaque by a directory":  {apktest.Regular(".wh..opq/x", ""), `path ".wh..opq/x" has a part that starts with ".wh."`},
		"opaque directory":       {directory(".wh..wh..opq/"), `path ".wh..wh..opq/" has a part that starts with ".wh."`},
		"whiteout above":         {apktest.Regular("etc/.wh.shadow/x", ""), `path "etc/.wh.shadow/x" has a part that starts with ".wh."`},
		"hard link to whiteouts": {entry(&tar.Header{Typeflag: tar.TypeLink, Name: "y", Linkname: ".wh.x"}), `path ".wh.x" has a part that starts with ".wh."`},
		"part too long":          {apktest.Regular("usr/"+strings.Repeat("x", 256), ""), "has a part of more than 255 bytes"},
		"too deep":               {apktest.Regular(strings.Repeat("d/", 256)+"x", ""), "has more than 256 parts"},
	} {
		t.Run(name, func(t *testing.T) {
			data := apktest.Package(t, "innocent", "", nil, apktest.Regular("first", ""), c.file)
			_, _, err := Extract(bytes.NewReader(data), apkfile.Built())
			_, listErr := apkfile.Read(bytes.NewReader(data), apkfile.Built(), (&Lister{}).Visit)
			for _, err := range []error{err, listErr} {
				if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "package innocent-1-r0") || strings.ContainsAny(err.Error(), "\n\x1b") {
					t.Errorf("error is %v, want %s, with the package", err, c.want)
				}
			}
		})
	}
}

// apk refuses each of these: "no hard link target in archive".
func TestHardLinksToNothing(t *testing.T) {
	link := entry(&tar.Header{Typeflag: tar.TypeLink, Name: "usr/l", Linkname: "usr/target"})
	for name, files := range map[string][]apktest.File{
		"nowhere":               {link},
		"later":                 {link, apktest.Regular("usr/target", "")},
		"a directory":           {entry(&tar.Header{Typeflag: tar.TypeDir, Name: "usr/target/"}), link},
		"what apk does not see": {apktest.Regular(".dummy", ""), entry(&tar.Header{Typeflag: tar.TypeLink, Name: "usr/l", Linkname: ".dummy"})},
	} {
		t.Run(name, func(t *testing.T) {
			data := apktest.Package(t, "p", "", nil, files...)
			_, _, err := Extract(bytes.NewReader(data), apkfile.Built())
			_, listErr := apkfile.Read(bytes.NewReader(data), apkfile.Built(), (&Lister{}).Visit)
			for _, err := range []error{err, listErr} {
				if err == nil || !strings.Contains(err.Error(), "package p-1-r0") || !strings.Contains(err.Error(), "usr/l: it is a hard link to") {
					t.Errorf("error is %v, want one about the link, with the package", err)
				}
			}
		})
	}
}

func TestKeepContent(t *testing.T) {
	for path, want := range map[string]bool{
		"etc/passwd": true, "etc/ssl/certs/ca-certificates.crt": true, "etc/ld.so.conf.d/x.conf": true, "etc/busybox-paths.d/busybox": true,
		"usr/lib/jvm/java-17/lib/security/cacerts": true, "etc/ssl/certs/java/cacerts": true, "bin/busybox": false, "etc/hosts": false,
	} {
		if got := keepContent(imagepath.Must(path), 10); got != want {
			t.Errorf("keepContent(%q) = %v, want %v", path, got, want)
		}
	}
	if keepContent(imagepath.Must("etc/passwd"), maxContent+1) {
		t.Error("a file of any size is kept")
	}
}
