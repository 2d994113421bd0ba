// Package soname reads what ELF files say of shared libraries: the name that one has, and the names of those that it
// needs.
package soname

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"os"
)

// Library is what a file says.
type Library struct {
	Name   string // DT_SONAME, "" if it has none
	Needed []string
}

// Read reads the file at path; one that is no ELF file, or has no dynamic section, says nothing.
func Read(path string) (Library, error) {
	f, err := os.Open(path)
	if err != nil {
		return Library{}, err
	}
	defer f.Close()
	magic := make([]byte, 4)
	if _, err := io.ReadFull(f, magic); err != nil || !bytes.Equal(magic, []byte(elf.ELFMAG)) {
		return Library{}, nil
	}
	file, err := elf.NewFile(f)
	if err != nil {
		return Library{}, fmt.Errorf("%s: %w", path, err)
	}
	if file.SectionByType(elf.SHT_DYNAMIC) == nil {
		return Library{}, nil
	}
	names, err := file.DynString(elf.DT_SONAME)
	if err != nil {
		return Library{}, fmt.Errorf("%s: %w", path, err)
	}
	needed, err := file.ImportedLibraries()
	if err != nil {
		return Library{}, fmt.Errorf("%s: %w", path, err)
	}
	library := Library{Needed: needed}
	if len(names) > 0 {
		library.Name = names[0]
	}
	return library, nil
}
