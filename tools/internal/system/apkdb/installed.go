// Package apkdb writes the files in which apk-tools keeps what is installed: the database itself, scripts, triggers and
// the world. The formats are those of apk-tools 2.14, byte for byte.
package apkdb

import (
	"bufio"
	"cmp"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktree"
)

// WriteInstalled writes `installed`: every package with the directories and files that it owns. arch is the
// architecture of the system: an index states it for packages that themselves say "noarch", and so does apk.
func WriteInstalled(w io.Writer, packages []*apktree.Package, arch string) error {
	sorted := slices.Clone(packages)
	slices.SortStableFunc(sorted, func(a, b *apktree.Package) int {
		x, y := a.Facts.Name, b.Facts.Name
		return cmp.Or(strings.Compare(strings.ToLower(x), strings.ToLower(y)), strings.Compare(x, y))
	})
	out := bufio.NewWriter(w)
	for _, p := range sorted {
		if err := writePackage(out, p, arch); err != nil {
			return fmt.Errorf("database: package %s: %w", p.Facts, err)
		}
	}
	return out.Flush()
}

func writePackage(out *bufio.Writer, p *apktree.Package, arch string) error {
	f := p.Facts
	index, err := apkindex.Describe(apkfile.Info(f.Info), f.Checksum, f.Size, arch)
	if err != nil {
		return err
	}
	if err := apkindex.WriteFields(out, index); err != nil {
		return err
	}
	// apk 2.14 itself writes this line into the next package's entry if the package has no directory; it means this.
	writeField(out, 'r', strings.Join(f.List("replaces"), " "))
	if priority := f.Value("replaces_priority"); priority != "0" {
		writeField(out, 'q', priority)
	}
	for _, d := range p.Dirs {
		out.WriteString("F:")
		out.WriteString(d.Path)
		out.WriteByte('\n')
		if d.Entry != nil {
			writeACL(out, 'M', d.Entry, 0o755)
		}
		for _, e := range d.Files {
			out.WriteString("R:")
			out.WriteString(e.Path[strings.LastIndexByte(e.Path, '/')+1:])
			out.WriteByte('\n')
			writeACL(out, 'a', e, 0o644)
			if e.Checksum != "" && !e.Unstated {
				writeField(out, 'Z', e.Checksum)
			}
		}
	}
	return out.WriteByte('\n')
}

func writeField(out *bufio.Writer, letter byte, value string) {
	if value == "" {
		return
	}
	out.WriteByte(letter)
	out.WriteByte(':')
	out.WriteString(value)
	out.WriteByte('\n')
}

// writeACL writes owner and mode where they are not root's and the default mode, and a checksum of the extended
// attributes.
func writeACL(out *bufio.Writer, letter byte, e *apkfacts.Entry, mode apkfacts.Mode) {
	if e.UID == 0 && e.GID == 0 && e.Mode == mode && len(e.Xattrs) == 0 {
		return
	}
	fmt.Fprintf(out, "%c:%d:%d:%o", letter, e.UID, e.GID, uint32(e.Mode))
	if len(e.Xattrs) > 0 {
		out.WriteByte(':')
		out.WriteString(xattrChecksum(e.Xattrs))
	}
	out.WriteByte('\n')
}

// xattrChecksum is the SHA-1 of all names and values, sorted by name, each after its length in four bytes.
func xattrChecksum(xattrs map[string][]byte) string {
	var b []byte
	for _, name := range slices.Sorted(maps.Keys(xattrs)) {
		for _, part := range [][]byte{[]byte(name), xattrs[name]} {
			b = binary.BigEndian.AppendUint32(b, uint32(len(part)))
			b = append(b, part...)
		}
	}
	sum := sha1.Sum(b)
	return "Q1" + base64.StdEncoding.EncodeToString(sum[:])
}
