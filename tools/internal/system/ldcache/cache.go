// Package ldcache writes /etc/ld.so.cache, glibc's list of shared objects, as its ldconfig does with --format=new.
//
// The format is that of glibc's sysdeps/generic/dl-cache.h: a header, entries sorted for a binary search, strings, and
// an extension that lists the names of the subdirectories of glibc-hwcaps. All numbers are little-endian, as are all
// machines that this package knows.
package ldcache

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
)

// Entry is one shared object.
type Entry struct {
	Soname string
	Path   string // absolute
	// Hwcap is the name of the subdirectory of glibc-hwcaps that the object is in, such as "x86-64-v3"; empty for none.
	Hwcap string
	// Machine is the architecture in apk's spelling.
	Machine string
}

const (
	magic          = "glibc-ld.so.cache1.1"
	headerSize     = 48
	entrySize      = 24
	littleEndian   = 2
	extensionMagic = 0xEAA42174
	tagGenerator   = 0
	tagHwcaps      = 1
	// hwcapExtension marks an entry's hwcap field as an index into the names of the extension.
	hwcapExtension = 1 << 62
	generator      = "rules_apk"
)

// flags returns what an entry states of its kind: an ELF object for glibc 2, of the machine.
func flags(machine string) (uint32, bool) {
	const libc6 = 0x0003
	switch machine {
	case "x86_64":
		return libc6 | 0x0300, true
	case "aarch64":
		return libc6 | 0x0a00, true
	case "x86":
		return libc6, true
	case "riscv64":
		return libc6 | 0x1000, true
	case "ppc64le":
		return libc6 | 0x0500, true
	}
	return 0, false
}

// Knows says whether objects of the machine can be listed.
func Knows(machine string) bool {
	_, ok := flags(machine)
	return ok
}

// Encode returns the cache's bytes. Entries may come in any order; an entry of a machine that is not known is an error.
func Encode(entries []Entry) ([]byte, error) {
	sorted := slices.Clone(entries)
	for _, e := range sorted {
		if !Knows(e.Machine) {
			return nil, fmt.Errorf("ld.so.cache: %s is for machine %q, whose entries are not known", e.Path, e.Machine)
		}
	}
	slices.SortFunc(sorted, compare)
	hwcaps := hwcapNames(sorted)
	s := &table{base: headerSize + entrySize*len(sorted), at: map[string]uint32{}}
	var body bytes.Buffer
	for _, e := range sorted {
		f, _ := flags(e.Machine)
		hwcap := uint64(0)
		if e.Hwcap != "" {
			hwcap = hwcapExtension | uint64(slices.Index(hwcaps, e.Hwcap))
		}
		put(&body, f, s.offset(e.Soname), s.offset(e.Path), uint32(0), hwcap)
	}
	var names []uint32
	for _, n := range hwcaps {
		names = append(names, s.offset(n))
	}
	strings := len(s.data)
	generatorAt := s.base + strings
	extensionAt := align(generatorAt + len(generator))

	var out bytes.Buffer
	out.WriteString(magic)
	put(&out, uint32(len(sorted)), uint32(strings), uint8(littleEndian), [3]byte{}, uint32(extensionAt), [3]uint32{})
	out.Write(body.Bytes())
	out.Write(s.data)
	out.WriteString(generator)
	out.Write(make([]byte, extensionAt-generatorAt-len(generator)))
	writeExtension(&out, extensionAt, generatorAt, names)
	return out.Bytes(), nil
}

// writeExtension writes the directory of the extension's sections, and behind it the only one that is not yet written.
func writeExtension(out *bytes.Buffer, at, generatorAt int, names []uint32) {
	const directoryHeader, section = 8, 16
	count := 1
	if len(names) > 0 {
		count = 2
	}
	put(out, uint32(extensionMagic), uint32(count))
	put(out, uint32(tagGenerator), uint32(0), uint32(generatorAt), uint32(len(generator)))
	if len(names) > 0 {
		put(out, uint32(tagHwcaps), uint32(0), uint32(at+directoryHeader+section*count), uint32(4*len(names)))
		put(out, names)
	}
}

func put(out *bytes.Buffer, values ...any) {
	for _, v := range values {
		// Writing fixed-size values to a buffer cannot fail.
		_ = binary.Write(out, binary.LittleEndian, v)
	}
}

func align(n int) int { return (n + 3) &^ 3 }

// table is the strings, each once, with a zero byte at its end.
type table struct {
	base int // offset in the file
	data []byte
	at   map[string]uint32
}

func (t *table) offset(s string) uint32 {
	if at, ok := t.at[s]; ok {
		return at
	}
	at := uint32(t.base + len(t.data))
	t.at[s] = at
	t.data = append(append(t.data, s...), 0)
	return at
}

func hwcapNames(entries []Entry) []string {
	var names []string
	for _, e := range entries {
		if e.Hwcap != "" {
			names = append(names, e.Hwcap)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// compare orders entries as the dynamic linker's binary search wants them: backwards by soname, and of one soname those
// of glibc-hwcaps first.
func compare(a, b Entry) int {
	fa, _ := flags(a.Machine)
	fb, _ := flags(b.Machine)
	return cmp.Or(
		compareNames(b.Soname, a.Soname),
		cmp.Compare(fb, fa),
		compareHwcaps(a.Hwcap, b.Hwcap),
		cmp.Compare(a.Path, b.Path),
	)
}

func compareHwcaps(a, b string) int {
	if (a == "") != (b == "") {
		if a != "" {
			return -1
		}
		return 1
	}
	return cmp.Compare(a, b)
}

// compareNames is glibc's order of names: numbers in them by their value, and after anything else.
func compareNames(a, b string) int {
	for a != "" {
		da, db := digit(a), digit(b)
		switch {
		case da && db:
			var x, y int
			x, a = number(a)
			y, b = number(b)
			if x != y {
				return cmp.Compare(x, y)
			}
			continue
		case da:
			return 1
		case db:
			return -1
		case b == "" || a[0] != b[0]:
			if b == "" {
				return 1
			}
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	if b == "" {
		return 0
	}
	return -1
}

func digit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

func number(s string) (int, string) {
	n := 0
	for digit(s) {
		n = n*10 + int(s[0]-'0')
		s = s[1:]
	}
	return n, s
}
