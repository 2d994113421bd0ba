package apkfacts

import (
	"bytes"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// maxProgram bounds what is read of a program that may be busybox, in bytes; a static one has about 2 MB.
const maxProgram = 16 << 20

// maybeBusybox says whether a file may be a busybox, whose applets are compiled into it.
func maybeBusybox(p imagepath.Path, size int64) bool {
	base := p.Base()
	return (base == "busybox" || strings.HasPrefix(base, "busybox-") || strings.HasPrefix(base, "busybox.")) && size <= maxProgram &&
		strings.HasSuffix(p.Parent().String(), "bin")
}

// appletFolders returns the folders that busybox's table of places counts from 0 on.
func appletFolders() []string { return []string{"", "bin/", "sbin/", "usr/bin/", "usr/sbin/"} }

// knownApplets are some whose folders no configuration changes, by index into appletFolders: enough of them to find the
// table.
func knownApplets() map[string]byte {
	return map[string]byte{
		"[": 3, "[[": 3, "awk": 3, "cat": 1, "chroot": 4, "cp": 1, "fdisk": 2, "head": 3, "hostname": 1, "ifconfig": 2, "ls": 1,
		"mkdir": 1, "mv": 1, "rm": 1, "sed": 1, "sh": 1, "sort": 3, "tail": 3, "telnet": 3, "tr": 3, "wc": 3, "wget": 3,
	}
}

// applets returns the paths at which `busybox --install` makes links, in the program's order; nil if the program is
// none or does not know them.
//
// busybox's generated applet_tables.h has two tables: the applets' names, sorted, each with a zero byte at its end; and
// where each belongs, four bits for each applet, the lower half of a byte first.
func applets(program []byte) []imagepath.Path {
	names := appletNames(program)
	if len(names) < 8 {
		return nil
	}
	folders := appletFolders()
	var found []byte
	for _, at := range tables(program, names, byte(len(folders))) {
		if found != nil {
			return nil // it cannot be told which of them it is
		}
		found = program[at:]
	}
	if found == nil {
		return nil
	}
	paths := make([]imagepath.Path, len(names))
	for i, name := range names {
		var err error
		if paths[i], err = imagepath.Parse(folders[place(found, i)] + name); err != nil {
			return nil // not a table of applets
		}
	}
	return paths
}

// maxApplets bounds how many applets a program may have; busybox has some 400.
const maxApplets = 4096

func appletNames(program []byte) []string {
	at := bytes.Index(program, []byte("[\x00[[\x00"))
	if at < 0 {
		return nil
	}
	var names []string
	for rest := program[at:]; ; {
		name, after, ok := bytes.Cut(rest, []byte{0})
		// Where the table ends without an empty string, the order ends it.
		if !ok || len(name) == 0 || len(names) > 0 && string(name) <= names[len(names)-1] {
			return names
		}
		if len(names) == maxApplets {
			return nil
		}
		names, rest = append(names, string(name)), after
	}
}

func place(table []byte, i int) byte {
	return table[i/2] >> (4 * (i % 2)) & 0xf
}

// tables returns up to two offsets in the program at which there may be the table of the applets' places.
func tables(program []byte, names []string, folders byte) []int {
	known := map[int]byte{} // places by index
	for name, want := range knownApplets() {
		if i, ok := slices.BinarySearch(names, name); ok {
			known[i] = want
		}
	}
	size, odd := (len(names)+1)/2, len(names)%2 == 1
	valid := 0 // bytes from at on that hold two places
	var found []int
	for at := len(program) - 1; at >= 0 && len(found) < 2; at-- {
		full := program[at]&0xf < folders && program[at]>>4 < folders
		if !full {
			valid = 0
			continue
		}
		valid++
		last := at + size - 1
		if valid < size-1 || last >= len(program) {
			continue
		}
		// The last byte may hold one place only.
		if program[last]&0xf < folders && (odd || program[last]>>4 < folders) && matches(program[at:], known) {
			found = append(found, at)
		}
	}
	return found
}

func matches(table []byte, known map[int]byte) bool {
	if table[0] != 0x33 { // of "[" and "[[": most places are ruled out by one byte
		return false
	}
	for i, want := range known {
		if place(table, i) != want {
			return false
		}
	}
	return true
}

// AppletLists is the folder of files that list programs' applets, each named after its program, one relative path a
// line.
const AppletLists = "etc/busybox-paths.d"

// dropApplets drops the applets of programs that have a list, which is what the distribution means, and of those that
// no script of the package tells to make links: such a package has its links, or wants none.
func (f *Facts) dropApplets() {
	listed := map[string]bool{}
	for i := range f.Entries {
		if f.Entries[i].Path.Parent().String() == AppletLists {
			listed[f.Entries[i].Path.Base()] = true
		}
	}
	for i := range f.Entries {
		if program := f.Entries[i].Path.Base(); listed[program] || !f.installs(program) {
			f.Entries[i].Applets = nil
		}
	}
}

// installs says whether a script of the package has a program make its links.
func (f *Facts) installs(program string) bool {
	for _, text := range f.Scripts {
		if strings.Contains(text, program+" --install") {
			return true
		}
	}
	return false
}
