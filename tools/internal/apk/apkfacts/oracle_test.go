package apkfacts_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkoracle"
	"github.com/rules-apk/rules_apk/tools/internal/test/realpackages"
)

// entry is one of a tar, without an end of the archive.
func entry(t *testing.T, h tar.Header, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	h.Size, h.Mode = int64(len(content)), 0o755
	if h.Typeflag == tar.TypeReg && h.Format == tar.FormatUnknown && !strings.HasPrefix(h.Name, ".") && h.Name != "pax" {
		h.PAXRecords = map[string]string{"APK-TOOLS.checksum.SHA1": sha(content)}
	}
	if err := w.WriteHeader(&h); err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, content)
	w.Flush()
	return b.Bytes()
}

func sha(content string) string { return fmt.Sprintf("%x", sha1.Sum([]byte(content))) }

func regular(t *testing.T, name, content string) []byte {
	return entry(t, tar.Header{Typeflag: tar.TypeReg, Name: name}, content)
}

// withPAX puts PAX records, one a line, before an entry, which archive/tar would not write.
func withPAX(t *testing.T, record string, of []byte) []byte {
	t.Helper()
	var records string
	for _, r := range strings.Split(record, "\n") {
		n := len(r) + 2
		for n != len(fmt.Sprintf("%d %s\n", n, r)) {
			n++
		}
		records += fmt.Sprintf("%d %s\n", n, r)
	}
	h := regular(t, "pax", records)
	const typeflag, checksum = 156, 148
	h[typeflag] = tar.TypeXHeader
	copy(h[checksum:], "        ")
	sum := 0
	for _, c := range h[:512] {
		sum += int(c)
	}
	copy(h[checksum:], fmt.Sprintf("%06o\x00 ", sum))
	return append(h, of...)
}

func zipped(plain ...[]byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(slices.Concat(plain...))
	w.Close()
	return b.Bytes()
}

// What apk does not install, or installs otherwise than it was read, is refused, and what is read apk installs, but for
// what is stricter here on purpose.
func TestHostilePackagesAndApk(t *testing.T) {
	end := make([]byte, 1024)
	dir := entry(t, tar.Header{Typeflag: tar.TypeDir, Name: "usr/"}, "")
	x, y := regular(t, "usr/x", "x"), regular(t, "usr/y", "y")
	data := zipped(dir, x, end)
	hash := fmt.Sprintf("%x", sha256.Sum256(data))
	lines := func(hash, more string) []byte {
		return regular(t, ".PKGINFO", "pkgname = p\npkgver = 1-r0\narch = x86_64\nsize = 1\n"+more+"datahash = "+hash+"\n")
	}
	info := func(more string) []byte { return slices.Concat(zipped(lines(hash, more)), data) }
	control := func(more ...[]byte) []byte {
		return slices.Concat(zipped(append([][]byte{lines(hash, "")}, more...)...), data)
	}
	layer := func(data []byte) []byte {
		return append(zipped(lines(fmt.Sprintf("%x", sha256.Sum256(data)), "")), data...)
	}
	plain := slices.Concat(dir, x, end)
	plainly := func(name, content string) []byte {
		return entry(t, tar.Header{Typeflag: tar.TypeReg, Name: name, Format: tar.FormatUSTAR}, content)
	}
	owned := func(uid int, format tar.Format) []byte {
		records := map[string]string{"APK-TOOLS.checksum.SHA1": sha("x")}
		if format != tar.FormatPAX {
			records = nil
		}
		return layer(zipped(dir, entry(t, tar.Header{Typeflag: tar.TypeReg, Name: "usr/x", Uid: uid, Format: format, PAXRecords: records}, "x"), end))
	}
	signed := func(name string) []byte { return append(zipped(regular(t, name, "x")), control()...) }
	const (
		installs = iota
		refuses
		differs // it installs, but something else than others would
	)
	cases := []struct {
		name string
		file []byte
		want string // part of the error, or empty
		apk  int
	}{
		{"plain", control(), "", installs},
		{"data in two gzip streams", layer(append(zipped(plain[:700]), zipped(plain[700:])...)), "", installs},
		{"empty gzip streams around data", layer(slices.Concat(zipped(), data, zipped())), "", installs},
		{"no end of the archive", layer(zipped(dir, x)), "", installs},
		{"filled up with zeros", layer(zipped(dir, x, make([]byte, 10240))), "", installs},
		{"a file after the end", layer(zipped(dir, x, end, y, end)), "after the end of its archive: more than zeros", refuses},
		{"text after the end", layer(zipped(dir, x, end, bytes.Repeat([]byte("x"), 512))), "after the end of its archive: more than zeros", refuses},
		{"an archive after the end", layer(append(zipped(dir, x, end), zipped(y, end)...)), "after the end of its archive: more than zeros", refuses},
		{"2 MB of zeros after the end", layer(zipped(dir, x, make([]byte, 2<<20))), "more than 1048576 zeros", installs},
		{"bytes after gzip", layer(append(zipped(dir, x, end), "garbage garbage garbage"...)), "gzip: invalid header", refuses},
		{"size in a PAX record", layer(zipped(dir, withPAX(t, "APK-TOOLS.checksum.SHA1="+sha("0123456789")+"\nsize=4", plainly("usr/x", "0123456789")), end)), `"usr/x": its PAX record "size" is "4", want one for sizes above 8589934591 only`, differs},
		{"path in a PAX record", layer(zipped(dir, withPAX(t, "APK-TOOLS.checksum.SHA1="+sha("x")+"\npath=usr/y", plainly("usr/x", "x")), end)), "", installs},
		{"owner 2^40", owned(1<<40, tar.FormatPAX), "its owner is 1099511627776:0, want numbers from 0 to 4294967294", installs},
		{"owner 2^32-1", owned(1<<32-1, tar.FormatPAX), "its owner is 4294967295:0", installs},
		{"owner -5", owned(-5, tar.FormatGNU), "its owner is -5:0", refuses},
		{"owner 2^32-2", owned(1<<32-2, tar.FormatPAX), "", installs},
		{"owner 2^21", owned(1<<21, tar.FormatPAX), "", installs},

		{"two names", info("pkgname = q\n"), ".PKGINFO: pkgname is there twice, want it once", differs},
		{"two versions", info("pkgver = 2-r0\n"), ".PKGINFO: pkgver is there twice", differs},
		{"two architectures", info("arch = noarch\n"), ".PKGINFO: arch is there twice", differs},
		{"two hashes, the last of the data", info("datahash = " + strings.Repeat("0", 64) + "\n"), ".PKGINFO: datahash is there twice", differs},
		{"two hashes, the first of the data", slices.Concat(zipped(lines(strings.Repeat("0", 64), "datahash = "+hash+"\n")), data), ".PKGINFO: datahash is there twice", refuses},
		{"keys in other case", info("Pkgname = q\nDATAHASH = x\n"), "", installs},
		{"an empty value", info("commit = \n"), "", installs},
		{"no value", info("commit =\nx\n=\n = \n"), "", installs},
		{"empty numbers", info("provider_priority = \nreplaces_priority = \nbuilddate = \n"), "", installs},
		{"a number that is none", info("replaces_priority = 12x\n"), `.PKGINFO: replaces_priority is "12x", want a number`, differs},
		{"a priority below 0", info("provider_priority = -1\n"), ".PKGINFO: provider_priority is -1, want 0 or more", differs},
		{"a time after the year 9999", info("builddate = 253402300800\n"), ".PKGINFO: builddate: got 253402300800, want Unix seconds from 0 to 253402300799", differs},
		{"a control character", info("pkgdesc = \x1b[2Jx\n"), ".PKGINFO: the line \"pkgdesc = \\x1b[2Jx\" has the control character 0x1b", differs},
		{"NUL", info("pkgdesc = a\x00b\n"), "has the control character 0x00", differs},

		{"control section with a file", control(regular(t, "usr/evil", "evil")), `it holds "usr/evil", want names only that begin with a dot and have no slash`, refuses},
		{"with an absolute name", control(regular(t, "/etc/evil", "evil")), `it holds "/etc/evil"`, refuses},
		{"with a name that leads out", control(regular(t, "../evil", "evil")), `it holds "../evil"`, refuses},
		{"with a name in a folder", control(regular(t, ".d/evil", "evil")), `it holds ".d/evil"`, refuses},
		{"with a folder", control(dir), `it holds "usr/"`, refuses},
		{"with another .PKGINFO", control(lines(hash, "pkgdesc = 2\n")), `".PKGINFO" is there twice`, differs},
		{"with a link .PKGINFO", control(entry(t, tar.Header{Typeflag: tar.TypeSymlink, Name: ".PKGINFO", Linkname: "x"}, "")), "", installs},
		{"with a script twice", control(regular(t, ".post-install", "a"), regular(t, ".post-install", "b")), `".post-install" is there twice`, differs},
		{"with a size in a PAX record", append(zipped(withPAX(t, "size=100", lines(hash, ""))), data...), `".PKGINFO": its PAX record "size" is "100"`, differs},
		{"with an end", control(end), "1024 bytes after the last file, want none", refuses},
		{"in two gzip streams", slices.Concat(zipped(lines(hash, "")), zipped(regular(t, ".post-install", "")), data), "as its .PKGINFO states as datahash", refuses},

		{"unknown key", signed(".SIGN.RSA.k.rsa.pub"), "", installs},
		{"key of a name that leads out", signed(".SIGN.RSA.../../k.rsa.pub"), `it holds ".SIGN.RSA.../../k.rsa.pub", want the name of a key's file without a slash`, refuses},
		{"key of an absolute name", signed(".SIGN.RSA./etc/k.rsa.pub"), "without a slash", refuses},
		{"signature that is a link", append(zipped(entry(t, tar.Header{Typeflag: tar.TypeSymlink, Name: ".SIGN.RSA.k.rsa.pub", Linkname: "x"}, "")), control()...), "is of type '2' in the archive, want a file", differs},
		{"two signature sections", append(zipped(regular(t, ".SIGN.RSA.k.rsa.pub", "x")), signed(".SIGN.RSA.k.rsa.pub")...), "no .PKGINFO in it", differs},
	}
	for _, tt := range cases {
		_, _, err := apkfacts.Extract(bytes.NewReader(tt.file), apkfile.Built())
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error is %v, want one with %q", tt.name, err, tt.want)
		}
	}
	t.Run("apk", func(t *testing.T) {
		oracle, err := apkoracle.New(realpackages.Dir(t), t.TempDir())
		if errors.Is(err, apkoracle.ErrUnavailable) {
			t.Skip(err)
		} else if err != nil {
			t.Fatal(err)
		}
		for _, tt := range cases {
			if _, err = oracle.Install(tt.file); (err != nil) != (tt.apk == refuses) {
				t.Errorf("%s: apk says %v, want a refusal: %v", tt.name, err, tt.apk == refuses)
			}
		}
	})
}
