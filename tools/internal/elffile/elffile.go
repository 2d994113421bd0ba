// Package elffile reads off an ELF file what dynamic linking needs to know of it: what it is linked against, and what
// others can be linked against in it.
package elffile

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Object is a program or a shared object. Its JSON is part of ELF lists and facts (docs/formats.md).
type Object struct {
	// Machine is in apk's spelling, such as "x86_64"; "elf:N" for those without one. Class is 32 or 64 bits.
	Machine string `json:"machine"`
	Class   int    `json:"class"`
	// Program says that it can be started: a fixed address, or an interpreter, or linked as a program without one.
	Program bool `json:"program,omitempty"`
	// Soname is DT_SONAME; empty if there is none.
	Soname string `json:"soname,omitempty"`
	// Versions are the versions of symbols that a shared object defines, such as "GLIBC_2.34".
	Versions []string `json:"versions,omitempty"`
	// Interpreter is the dynamic linker that a program asks for, a path.
	Interpreter string `json:"interpreter,omitempty"`
	// Needs are the shared objects that it is linked against, in order.
	Needs []Need `json:"needs,omitempty"`
	// Fixed says that it has a fixed address, and so is no shared object.
	Fixed bool `json:"-"`
}

// Need is a shared object that another is linked against, by its soname, and the versions of symbols that it must
// define.
type Need struct {
	Name     string   `json:"name"`
	Versions []string `json:"versions,omitempty"`
}

// Limits of what is read of a file; beyond them it is taken for one that is not linked.
const (
	maxInterpreter = 4096
	maxNames       = 4096
)

// IsELF says whether a file that begins with those bytes, four or more, may be ELF.
func IsELF(magic []byte) bool { return bytes.HasPrefix(magic, []byte(elf.ELFMAG)) }

// Read returns nil for what is no program and no shared object, or cannot be read as one.
func Read(r io.ReaderAt) *Object {
	f, err := elf.NewFile(r)
	if err != nil || f.Type != elf.ET_DYN && f.Type != elf.ET_EXEC {
		return nil
	}
	o := &Object{Machine: machineName(f.Machine), Class: 64, Interpreter: interpreter(f), Fixed: f.Type == elf.ET_EXEC}
	if f.Class == elf.ELFCLASS32 {
		o.Class = 32
	}
	o.Program = f.Type == elf.ET_EXEC || o.Interpreter != "" || isPIE(f)
	if names, err := f.DynString(elf.DT_SONAME); err == nil && len(names) > 0 {
		o.Soname = clean(names[0])
	}
	if o.Soname != "" && f.Type == elf.ET_DYN && !isPIE(f) {
		o.Program = false // a shared object that prints something when it is started, such as libc
	}
	o.Needs = needs(f)
	if versions, err := f.DynamicVersions(); err == nil {
		for _, v := range versions {
			if v.Flags&elf.VER_FLG_BASE == 0 && len(o.Versions) < maxNames {
				o.Versions = append(o.Versions, clean(v.Name))
			}
		}
	}
	return o
}

func needs(f *elf.File) []Need {
	names, err := f.DynString(elf.DT_NEEDED)
	if err != nil || len(names) > maxNames {
		return nil
	}
	var out []Need
	for _, name := range names {
		out = append(out, Need{Name: clean(name)})
	}
	versions, err := f.DynamicVersionNeeds()
	if err != nil {
		return out
	}
	for _, v := range versions {
		at := slices.IndexFunc(out, func(n Need) bool { return n.Name == clean(v.Name) })
		for _, needed := range v.Needs {
			if at >= 0 && needed.Flags&elf.VER_FLG_WEAK == 0 && len(out[at].Versions) < maxNames {
				out[at].Versions = append(out[at].Versions, clean(needed.Dep))
			}
		}
	}
	return out
}

func interpreter(f *elf.File) string {
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP {
			continue
		}
		data, err := io.ReadAll(io.LimitReader(p.Open(), maxInterpreter))
		if err != nil {
			return ""
		}
		path, _, _ := bytes.Cut(data, []byte{0})
		return clean(string(path))
	}
	return ""
}

func isPIE(f *elf.File) bool {
	flags, err := f.DynValue(elf.DT_FLAGS_1)
	return err == nil && len(flags) > 0 && elf.DynFlag1(flags[0])&elf.DF_1_PIE != 0
}

// clean makes a name fit for messages and JSON: no linker finds one with bytes that are not of text.
func clean(name string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(name, "?"))
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
	case elf.EM_LOONGARCH:
		return "loongarch64"
	case elf.EM_RISCV:
		return "riscv64"
	case elf.EM_PPC64:
		return "ppc64le"
	case elf.EM_S390:
		return "s390x"
	}
	return fmt.Sprintf("elf:%d", m)
}
