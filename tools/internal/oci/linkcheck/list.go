// Package linkcheck finds out whether the programs in an image can be started there: whether they are for its machine,
// and whether what they are linked against is in it. It reads lists of the ELF files of layers, and no layer.
package linkcheck

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/elffile"
	"github.com/rules-apk/rules_apk/tools/internal/entries"
	"github.com/rules-apk/rules_apk/tools/internal/jsondoc"
)

// Format is the version of ELF lists.
const Format = 1

// List is what a layer has for programs to be linked against, and which programs it brings. docs/formats.md, "ELF
// list", is its format. Facts of packages can be read as one: then nothing is known of what the package's programs
// need.
type List struct {
	Format int `json:"format"`
	// Name and Version are those of a package.
	Name    string  `json:"name,omitempty"`
	Version string  `json:"version,omitempty"`
	Entries []Entry `json:"entries"`
}

// Entry is a program, a shared object or a link that is called like one.
type Entry struct {
	// Path is relative to the root.
	Path string `json:"path"`
	// Type is "symlink" or "hardlink"; empty for a file. Link is then the target.
	Type string `json:"type,omitempty"`
	Link string `json:"link,omitempty"`
	// ELF is what the file says of itself. System is set instead for programs of another one: "macOS", "Windows".
	ELF    *elffile.Object `json:"elf,omitempty"`
	System string          `json:"system,omitempty"`
	// Library is what facts say of a shared object.
	Library *elffile.Object `json:"library,omitempty"`
}

// Parse reads an ELF list, or facts as one.
func Parse(data []byte) (*List, error) {
	var l List
	if err := json.Unmarshal(data, &l); err != nil {
		return nil, fmt.Errorf("ELF list: %w", err)
	}
	if l.Format != Format {
		return nil, fmt.Errorf("ELF list: format is %d, want %d; build with the rules and the tools of one release", l.Format, Format)
	}
	return &l, nil
}

// JSON returns the list on one line, with its line end.
func (l *List) JSON() ([]byte, error) {
	data, err := jsondoc.Line(l)
	if err != nil {
		return nil, fmt.Errorf("ELF list: %w", err)
	}
	return data, nil
}

// Files lists the ELF files among the files of a layer.
func Files(files []entries.File) (*List, error) {
	l := &List{Format: Format, Entries: []Entry{}}
	for i := range files {
		if err := l.addFile(&files[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", files[i].Path.Absolute(), err)
		}
	}
	return l, nil
}

func (l *List) addFile(f *entries.File) error {
	switch f.Type {
	case tar.TypeSymlink:
		l.AddLink(f.Path.String(), "symlink", f.Target)
	case tar.TypeLink:
		l.AddLink(f.Path.String(), "hardlink", f.Target)
	case tar.TypeReg:
		content, err := f.Open()
		if err != nil {
			return err
		}
		defer content.Close()
		at, ok := content.(io.ReaderAt)
		if !ok {
			return fmt.Errorf("%T cannot be read at an offset", content)
		}
		return l.AddFile(f.Path.String(), at)
	}
	return nil
}

// AddLink adds a link if it is called like a shared object, or is another name of a file.
func (l *List) AddLink(name, kind, target string) {
	if kind == "hardlink" || strings.Contains(path.Base(name), ".so") {
		l.Entries = append(l.Entries, Entry{Path: name, Type: kind, Link: target})
	}
}

// AddFile adds a file if it is a program or a shared object.
func (l *List) AddFile(name string, content io.ReaderAt) error {
	magic := make([]byte, 4)
	if _, err := content.ReadAt(magic, 0); err == io.EOF {
		return nil // too short to be one
	} else if err != nil {
		return err
	}
	if elffile.IsELF(magic) {
		if o := elffile.Read(content); o != nil {
			l.Entries = append(l.Entries, Entry{Path: name, ELF: o})
		}
		return nil
	}
	if system := otherSystem(magic, content); system != "" {
		l.Entries = append(l.Entries, Entry{Path: name, System: system})
	}
	return nil
}

// otherSystem returns the system that a program in the format of another one is for, or "".
func otherSystem(magic []byte, content io.ReaderAt) string {
	switch string(magic) {
	case "\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe": // Mach-O of 64 and 32 bits
		return "macOS"
	}
	if string(magic[:2]) != "MZ" {
		return ""
	}
	// The header's offset is at 0x3c; a file of DOS has none.
	offset, signature := make([]byte, 4), make([]byte, 4)
	if _, err := content.ReadAt(offset, 0x3c); err != nil {
		return ""
	}
	at := int64(offset[0]) | int64(offset[1])<<8 | int64(offset[2])<<16 | int64(offset[3])<<24
	if _, err := content.ReadAt(signature, at); err != nil || string(signature) != "PE\x00\x00" {
		return ""
	}
	return "Windows"
}
