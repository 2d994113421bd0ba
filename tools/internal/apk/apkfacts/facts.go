// Package apkfacts extracts from a package file everything that images need to know of it, without its files' bytes.
//
// Facts are made once per package and read for each image that has it, so they are compact: what is the default is left
// out. docs/formats.md specifies the JSON.
package apkfacts

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
	"github.com/rules-apk/rules_apk/tools/internal/jsondoc"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
)

// Format is the version of the JSON document. Facts are made by the same tool set that reads them, so there is no
// other.
const Format = 1

// Facts is what there is to know of one package.
type Facts struct {
	Format  int    `json:"format"`
	Name    string `json:"name"`
	Version string `json:"version"`
	// Arch is what the package states of itself; "noarch" exists.
	Arch     string              `json:"arch"`
	Size     int64               `json:"size"`     // bytes of the package file
	Checksum string              `json:"checksum"` // "Q1…", of the control section
	Layer    ocilayer.Descriptor `json:"layer"`    // the data section
	Info     Info                `json:"info"`     // .PKGINFO
	Scripts  map[string]string   `json:"scripts,omitempty"`
	// Entries are in the order of the archive; a path may occur twice.
	Entries []Entry `json:"entries"`
}

// Info is .PKGINFO as ordered pairs; its JSON form is a list of [key, value].
type Info apkfile.Info

// Type is what an entry is.
type Type string

// The types of entries. File is empty, because most entries are files.
const (
	File      Type = ""
	Dir       Type = "dir"
	Symlink   Type = "symlink"
	Hardlink  Type = "hardlink"
	CharDev   Type = "char"
	BlockDev  Type = "block"
	NamedPipe Type = "fifo"
)

// Entry is one file, directory or the like.
type Entry struct {
	Path imagepath.Path `json:"path"`
	Type Type           `json:"type,omitempty"`
	Mode Mode           `json:"mode"`
	UID  int            `json:"uid,omitempty"`
	GID  int            `json:"gid,omitempty"`
	// Uname and Gname are left out where they are "root" or empty.
	Uname string `json:"uname,omitempty"`
	Gname string `json:"gname,omitempty"`
	Size  int64  `json:"size,omitempty"`
	// Sparse says that the archive has the file in GNU's old form for files with holes, which not every runtime
	// unpacks.
	Sparse bool `json:"sparse,omitempty"`
	// Link is the target of a symlink, as it is written.
	Link string `json:"link,omitempty"`
	// File is, of a hard link, the other name of its file.
	File imagepath.Path `json:"file,omitzero"`
	// Checksum is "Q1" and base64 of the SHA-1 of a file's content or a symlink's target.
	Checksum string `json:"checksum,omitempty"`
	// Unstated says that the package itself does not state the checksum; apk's database has none then.
	Unstated bool              `json:"unstated,omitempty"`
	Xattrs   map[string][]byte `json:"xattrs,omitempty"` // values in base64
	Dev      *[2]int64         `json:"dev,omitempty"`    // major, minor
	// Content is there for the few small files that merging needs, see keepContent.
	Content []byte `json:"content,omitempty"`
	// Applets are, for a busybox that a script of its package tells to make links, and that has no list of them in a
	// file, the paths at which it would make them.
	Applets []imagepath.Path `json:"applets,omitempty"`
	// Library is there for shared objects that a dynamic linker's cache may list.
	Library *Library `json:"library,omitempty"`
}

// Mode is permission bits plus setuid (04000), setgid (02000) and sticky (01000). In JSON it is a string in octal.
type Mode uint32

// MarshalJSON writes octal digits in quotes.
func (m Mode) MarshalJSON() ([]byte, error) {
	return []byte(`"` + strconv.FormatUint(uint64(m), 8) + `"`), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (m *Mode) UnmarshalJSON(data []byte) error {
	n, err := strconv.ParseUint(strings.Trim(string(data), `"`), 8, 12)
	if err != nil {
		return fmt.Errorf("mode is %s, want octal digits up to 7777", data)
	}
	*m = Mode(n)
	return nil
}

// MarshalJSON writes a list of [key, value].
func (i Info) MarshalJSON() ([]byte, error) {
	pairs := make([][2]string, len(i))
	for n, p := range i {
		pairs[n] = [2]string{p.Key, p.Value}
	}
	return jsondoc.Line(pairs)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (i *Info) UnmarshalJSON(data []byte) error {
	var pairs [][2]string
	if err := json.Unmarshal(data, &pairs); err != nil {
		return err
	}
	*i = make(Info, len(pairs))
	for n, p := range pairs {
		(*i)[n] = apkfile.Pair{Key: p[0], Value: p[1]}
	}
	return nil
}

// Files returns, for each entry but directories, the one that has its bytes: itself, or for a hard link the file that
// it is a name of; nil for a link to what the archive does not have before it.
func (f *Facts) Files() map[*Entry]*Entry {
	files := map[*Entry]*Entry{}
	byPath := map[imagepath.Path]*Entry{}
	for i := range f.Entries {
		e := &f.Entries[i]
		file := e
		switch e.Type {
		case Dir:
			continue
		case Hardlink:
			file = byPath[e.File] // a link to a link is one to its file
		}
		files[e], byPath[e.Path] = file, file
	}
	return files
}

// Value returns the first value of a key of .PKGINFO, or "".
func (f *Facts) Value(key string) string { return apkfile.Info(f.Info).Value(key) }

// List returns the words of all values of a key of .PKGINFO.
func (f *Facts) List(key string) []string { return apkfile.Info(f.Info).List(key) }

// Int returns the number that a key of .PKGINFO has, 0 if the key is absent.
func (f *Facts) Int(key string) (int64, error) { return apkfile.Info(f.Info).Int(key) }

// String names the package as apk does: name-version.
func (f *Facts) String() string { return f.Name + "-" + f.Version }

// Parse reads facts as JSON writes them.
func Parse(data []byte) (*Facts, error) {
	f := &Facts{}
	if err := json.Unmarshal(data, f); err != nil {
		return nil, fmt.Errorf("facts: %w", err)
	}
	if f.Format != Format {
		return nil, fmt.Errorf("facts of %s: format is %d, want %d", f.Name, f.Format, Format)
	}
	return f, nil
}

// JSON writes the facts on one line, with its line end.
func (f *Facts) JSON() ([]byte, error) {
	data, err := jsondoc.Line(f)
	if err != nil {
		return nil, fmt.Errorf("facts of %s: %w", f.Name, err)
	}
	return data, nil
}
