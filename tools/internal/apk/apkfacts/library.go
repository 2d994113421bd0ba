package apkfacts

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/elffile"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// Library is what a dynamic linker's cache, and who checks programs that are linked against it, need to know of a
// shared object.
type Library struct {
	// Soname is DT_SONAME; empty if the object has none, and then its file name serves.
	Soname string `json:"soname,omitempty"`
	// Machine is the object's ELF machine in apk's spelling, such as "x86_64"; "elf:N" for those without one. Class is
	// 32 or 64 bits.
	Machine string `json:"machine"`
	Class   int    `json:"class"`
	// Versions are the versions of symbols that it defines, such as "GLIBC_2.34".
	Versions []string `json:"versions,omitempty"`
}

// maxInMemory is the size in bytes up to which a shared object is read into memory, larger ones go to a temporary file.
const maxInMemory = 4 << 20

// maybeLibrary says whether ldconfig would look at a file of that name.
func maybeLibrary(p imagepath.Path) bool {
	base := p.Base()
	return (strings.HasPrefix(base, "lib") || strings.HasPrefix(base, "ld")) && strings.Contains(base, ".so")
}

// readLibrary returns nil for a file that is no ELF shared object.
func readLibrary(content io.Reader, size int64) (*Library, error) {
	magic := make([]byte, 4)
	if n, err := io.ReadFull(content, magic); err != nil || !elffile.IsELF(magic[:n]) {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			err = nil
		}
		return nil, err
	}
	whole := io.MultiReader(bytes.NewReader(magic), content)
	if size <= maxInMemory {
		data, err := io.ReadAll(whole)
		if err != nil {
			return nil, err
		}
		return parseLibrary(bytes.NewReader(data)), nil
	}
	spool, err := os.CreateTemp("", "library")
	if err != nil {
		return nil, fmt.Errorf("keeping a shared object: %w", err)
	}
	defer os.Remove(spool.Name())
	defer spool.Close()
	if _, err := io.Copy(spool, whole); err != nil {
		return nil, fmt.Errorf("keeping a shared object: %w", err)
	}
	return parseLibrary(spool), nil
}

// parseLibrary returns nil for what cannot be read, as ldconfig passes over it.
func parseLibrary(r io.ReaderAt) *Library {
	o := elffile.Read(r)
	if o == nil || o.Fixed {
		return nil
	}
	return &Library{Soname: o.Soname, Machine: o.Machine, Class: o.Class, Versions: o.Versions}
}
