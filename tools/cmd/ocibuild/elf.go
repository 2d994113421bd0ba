package main

import (
	"archive/tar"
	"bytes"
	"io"
	"os"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
	"github.com/rules-apk/rules_apk/tools/internal/oci/linkcheck"
)

// maxELFInMemory is the size in bytes up to which a file of a package is read into memory; larger ones go to a
// temporary file.
const maxELFInMemory = 4 << 20

func writeELFList(path string, list *linkcheck.List) error {
	data, err := list.JSON()
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(path, data)
}

// writePackageELF lists the ELF files of a package, from its beginning on.
func writePackageELF(path string, apk io.ReadSeeker, trust apkfile.Trust) error {
	if _, err := apk.Seek(0, io.SeekStart); err != nil {
		return err
	}
	list := &linkcheck.List{Format: linkcheck.Format, Entries: []linkcheck.Entry{}}
	file, err := apkfile.Read(apk, trust, func(h *tar.Header, content io.Reader) error {
		switch h.Typeflag {
		case tar.TypeSymlink:
			list.AddLink(h.Name, "symlink", h.Linkname)
		case tar.TypeLink:
			list.AddLink(h.Name, "hardlink", h.Linkname)
		case tar.TypeReg:
			return addELF(list, h, content)
		}
		return nil
	})
	if err != nil {
		return err
	}
	list.Name, list.Version = file.Info.Name(), file.Info.Version()
	return writeELFList(path, list)
}

func addELF(list *linkcheck.List, h *tar.Header, content io.Reader) error {
	if h.Size <= maxELFInMemory {
		data, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		return list.AddFile(h.Name, bytes.NewReader(data))
	}
	spool, err := os.CreateTemp("", "elf")
	if err != nil {
		return err
	}
	defer os.Remove(spool.Name())
	defer spool.Close()
	if _, err := io.Copy(spool, content); err != nil {
		return err
	}
	return list.AddFile(h.Name, spool)
}
