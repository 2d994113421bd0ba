package apkfacts

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// Library is what a dynamic linker's cache needs to know of a shared object.
type Library struct {
	// Soname is DT_SONAME; empty if the object has none, and then its file name serves.
	Soname string `json:"soname,omitempty"`
	// Machine is the object's ELF machine in apk's spelling, such as "x86_64"; "elf:N" for those without one. Class is 32
	// or 64 bits.
	Machine string `json:"machine"`
	Class   int    `json:"class"`
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
	magic := make([]byte, len(elf.ELFMAG))
	if n, err := io.ReadFull(content, magic); err != nil || string(magic[:n]) != elf.ELFMAG {
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
	f, err := elf.NewFile(r)
	if err != nil || f.Type != elf.ET_DYN {
		return nil
	}
	l := &Library{Machine: machineName(f.Machine), Class: 64}
	if f.Class == elf.ELFCLASS32 {
		l.Class = 32
	}
	if names, err := f.DynString(elf.DT_SONAME); err == nil && len(names) > 0 {
		l.Soname = names[0]
	}
	return l
}

func machineName(m elf.Machine) string {
	switch m {
	case elf.EM_X86_64:
		return "x86_64"
	case elf.EM_386:
		return "x86"
	case elf.EM_AARCH64:
		return "aarch64"
	case elf.EM_ARM:
		return "arm"
	case elf.EM_RISCV:
		return "riscv64"
	case elf.EM_PPC64:
		return "ppc64le"
	case elf.EM_S390:
		return "s390x"
	}
	return fmt.Sprintf("elf:%d", m)
}
