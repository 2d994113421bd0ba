// Package entries turns what a build declares, files, directories, trees of files and links, into the entries of an
// archive.
//
// What comes out depends on paths, contents and what is declared, not on how an action is run. A sandbox, a persistent
// worker and a remote machine see the same files, but other links between them, other empty directories and other
// modes; so none of these count. Nothing outside of what is declared is read.
package entries

import (
	"archive/tar"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
	"github.com/rules-apk/rules_apk/tools/internal/jsondoc"
)

// Entry is one declared path. Its JSON is the value of the flag --entry.
type Entry struct {
	// Path is absolute: "/usr/bin/hello".
	Path string `json:"path"`
	// Mode in octal. Without one: 0755 for directories and whatever is in trees, 0644 for files.
	Mode string `json:"mode"`
	UID  int    `json:"uid"`
	GID  int    `json:"gid"`
	// Names of the owners; "root" for the id 0 without one.
	Uname string `json:"uname"`
	Gname string `json:"gname"`
	// Link, if there is one, is the target of a symbolic link.
	Link *string `json:"link"`
	// Xattrs are extended attributes: names such as "security.capability", values in base64.
	Xattrs map[string][]byte `json:"xattrs"`

	path   imagepath.Path
	source source
}

// parse reads an entry's JSON. Unknown fields, a path that cannot be in an image and a link to nowhere are errors.
func parse(data []byte) (*Entry, error) {
	var e Entry
	if err := jsondoc.Parse(data, &e); err != nil {
		return nil, fmt.Errorf("entry: %w", err)
	}
	var err error
	if e.path, err = imagepath.ParseAbsolute(e.Path); err != nil {
		return nil, fmt.Errorf("entry: %w", err)
	}
	if e.Link != nil {
		if err := checkTarget(*e.Link); err != nil {
			return nil, fmt.Errorf("entry %s: %w", e.Path, err)
		}
	}
	if e.UID < 0 || e.GID < 0 {
		return nil, fmt.Errorf("entry %s: owner is %d:%d, want none below zero", e.Path, e.UID, e.GID)
	}
	for name := range e.Xattrs {
		if space, rest, _ := strings.Cut(name, "."); space == "" || rest == "" || strings.ContainsAny(name, "=\x00") {
			return nil, fmt.Errorf("entry %s: attribute is %q, want a name such as security.capability", e.Path, name)
		}
	}
	return &e, nil
}

// checkTarget looks at the target of a symbolic link, which may lead anywhere in an image, or nowhere.
func checkTarget(target string) error {
	switch {
	case target == "":
		return fmt.Errorf("link is to \"\", want a path such as ../lib/hello")
	case len(target) >= imagepath.MaxPath:
		return fmt.Errorf("link is to a path of %d bytes, want less than %d", len(target), imagepath.MaxPath)
	case strings.ContainsFunc(target, func(r rune) bool { return r < 0x20 || r == 0x7f }):
		return fmt.Errorf("link is to %q, want a path without control characters", target)
	}
	return nil
}

// mode reads octal digits; tar's mode bits are those of chmod.
func (e *Entry) mode(byDefault int64) (int64, error) {
	if e.Mode == "" {
		return byDefault, nil
	}
	mode, err := strconv.ParseUint(e.Mode, 8, 12)
	if err != nil {
		return 0, fmt.Errorf("mode is %q, want octal digits up to 7777", e.Mode)
	}
	return int64(mode), nil
}

// File is one entry of an archive.
type File struct {
	Path         imagepath.Path
	Type         byte  // one of tar's: TypeReg, TypeDir, TypeSymlink, TypeLink
	Mode         int64 // as chmod takes it
	UID, GID     int
	Uname, Gname string
	// Target is that of a symbolic link; of a hard link it is another path of the archive: "usr/bin/hello".
	Target string
	Xattrs map[string]string
	Size   int64  // of a regular file
	source string // the regular file with the content
}

// Open opens the content of a regular file.
func (f *File) Open() (io.ReadCloser, error) { return os.Open(f.source) }

// Header returns the entry as a tar has it, without a time. Extended attributes are PAX records.
func (f *File) Header() *tar.Header {
	h := &tar.Header{
		Typeflag: f.Type, Name: f.Path.String(), Linkname: f.Target, Size: f.Size, Mode: f.Mode,
		Uid: f.UID, Gid: f.GID, Uname: f.Uname, Gname: f.Gname,
	}
	if f.Type == tar.TypeDir {
		h.Name += "/"
	}
	for name, value := range f.Xattrs {
		if h.PAXRecords == nil {
			h.PAXRecords = map[string]string{}
		}
		h.PAXRecords["SCHILY.xattr."+name] = value
	}
	return h
}

// file returns a File at path with the entry's owner.
func (e *Entry) file(path imagepath.Path, kind byte, mode int64) File {
	return File{
		Path: path, Type: kind, Mode: mode, UID: e.UID, GID: e.GID,
		Uname: ownerName(e.Uname, e.UID), Gname: ownerName(e.Gname, e.GID),
	}
}

// files returns what the entry stands for.
func (e *Entry) files() ([]File, error) {
	if e.Link != nil {
		f := e.file(e.path, tar.TypeSymlink, 0o777)
		f.Target = *e.Link
		return []File{f}, nil
	}
	if e.source == nil {
		mode, err := e.mode(0o755)
		f := e.file(e.path, tar.TypeDir, mode)
		f.Xattrs = e.attributes()
		return []File{f}, err
	}
	return e.source.files(e)
}

// regular returns the File of the file at source.
func (e *Entry) regular(path imagepath.Path, source string, byDefault int64) (File, error) {
	info, err := os.Stat(source)
	if err != nil {
		return File{}, err
	}
	if !info.Mode().IsRegular() {
		return File{}, fmt.Errorf("%s is %s, want a file", source, info.Mode().Type())
	}
	mode, err := e.mode(byDefault)
	f := e.file(path, tar.TypeReg, mode)
	f.Size, f.source, f.Xattrs = info.Size(), source, e.attributes()
	return f, err
}

func (e *Entry) attributes() map[string]string {
	if len(e.Xattrs) == 0 {
		return nil
	}
	out := make(map[string]string, len(e.Xattrs))
	for name, value := range e.Xattrs {
		out[name] = string(value)
	}
	return out
}

func ownerName(name string, id int) string {
	if name == "" && id == 0 {
		return "root"
	}
	return name
}
