package main

import (
	"archive/tar"
	"bytes"
	"fmt"

	"crypto/sha256"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
)

// cutData leaves out the data section.
func cutData(b []byte) ([]byte, error) {
	f, err := apkfile.Read(bytes.NewReader(b), apkfile.Built(), nil)
	if err != nil {
		return nil, err
	}
	return b[:f.Data.Offset], nil
}

// lfsPointer is what a checkout has without Git LFS.
func lfsPointer(b []byte) ([]byte, error) {
	return fmt.Appendf(nil, "version https://git-lfs.github.com/spec/v1\noid sha256:%x\nsize %d\n", sha256.Sum256(b), len(b)), nil
}

// hardLink makes a package of one hard link, whose target another package has.
func hardLink([]byte) ([]byte, error) {
	return rebuilt(&tar.Header{Typeflag: tar.TypeLink, Name: "usr/bin/vi", Linkname: "usr/share/musl"}, "")
}

// wrongChecksum makes a package of one file, of which it states another checksum.
func wrongChecksum([]byte) ([]byte, error) {
	return rebuilt(&tar.Header{
		Typeflag: tar.TypeReg, Name: "etc/motd", Size: 5, Mode: 0o644, Format: tar.FormatPAX,
		PAXRecords: map[string]string{"APK-TOOLS.checksum.SHA1": "0000000000000000000000000000000000000000"},
	}, "hello")
}

// rebuilt is busybox-1.36.1-r2.apk with one entry, as a builder might write it.
func rebuilt(h *tar.Header, content string) ([]byte, error) {
	data, err := archive(true, h, content)
	if err != nil {
		return nil, err
	}
	info := fmt.Sprintf("pkgname = busybox\npkgver = 1.36.1-r2\narch = x86_64\ndatahash = %x\n", sha256.Sum256(data))
	control, err := archive(false, &tar.Header{Typeflag: tar.TypeReg, Name: ".PKGINFO", Size: int64(len(info)), Mode: 0o644}, info)
	return append(control, data...), err
}

func archive(ended bool, h *tar.Header, content string) ([]byte, error) {
	var plain bytes.Buffer
	w := tar.NewWriter(&plain)
	if err := w.WriteHeader(h); err != nil {
		return nil, err
	}
	if _, err := w.Write([]byte(content)); err != nil {
		return nil, err
	}
	finish := w.Flush
	if ended {
		finish = w.Close
	}
	if err := finish(); err != nil {
		return nil, err
	}
	return zip(plain.Bytes())
}
