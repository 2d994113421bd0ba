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

// entry collects the lines of one package. They are fields, of which none can have a line break: a second line would be
// a file or a package that is not there.
type entry struct {
	fields []apkindex.Field
	err    error // the first
}

// add adds a line unless the value is empty.
func (e *entry) add(letter byte, value string) {
	if value != "" {
		e.always(letter, value)
	}
}

// always adds a line.
func (e *entry) always(letter byte, value string) {
	f, err := apkindex.NewField(letter, value)
	if e.err == nil {
		e.err = err
	}
	e.fields = append(e.fields, f)
}

func writePackage(out *bufio.Writer, p *apktree.Package, arch string) error {
	f := p.Facts
	index, err := apkindex.Describe(apkfile.Info(f.Info), f.Checksum, f.Size, arch)
	if err != nil {
		return err
	}
	e := &entry{}
	if e.fields, err = apkindex.Fields(index); err != nil {
		return err
	}
	// apk 2.14 itself writes this line into the next package's entry if the package has no directory; it means this.
	e.add('r', strings.Join(f.List("replaces"), " "))
	if priority := f.Value("replaces_priority"); priority != "0" {
		e.add('q', priority)
	}
	for _, d := range p.Dirs {
		e.dir(d)
	}
	if e.err != nil {
		return e.err
	}
	for _, f := range e.fields {
		f.WriteTo(out)
	}
	return out.WriteByte('\n')
}

// dir adds a directory, and the files that the package owns there. The root's name is empty.
func (e *entry) dir(d *apktree.Dir) {
	name := d.Path.String()
	if d.Path.IsRoot() {
		name = ""
	}
	e.always('F', name)
	if d.Entry != nil {
		e.acl('M', d.Entry, 0o755)
	}
	for _, f := range d.Files {
		e.always('R', f.Path.Base())
		e.acl('a', f, 0o644)
		if !f.Unstated {
			e.add('Z', f.Checksum)
		}
	}
}

// acl adds owner and mode where they are not root's and the default mode, and a checksum of the extended attributes.
func (e *entry) acl(letter byte, of *apkfacts.Entry, mode apkfacts.Mode) {
	if of.UID == 0 && of.GID == 0 && of.Mode == mode && len(of.Xattrs) == 0 {
		return
	}
	value := fmt.Sprintf("%d:%d:%o", of.UID, of.GID, uint32(of.Mode))
	if len(of.Xattrs) > 0 {
		value += ":" + xattrChecksum(of.Xattrs)
	}
	e.add(letter, value)
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
