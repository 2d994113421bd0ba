package imagetest

import (
	"archive/tar"
	"bufio"
	"bytes"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
	"github.com/rules-apk/rules_apk/tools/internal/system/passwd"
)

// tree is what an image's layers come to: headers by path without a leading slash, and what is said in the few files
// that are read.
type tree struct {
	files    map[string]*tar.Header
	packages map[string]string // versions by name, of apk's database
	accounts *passwd.DB        // of etc/passwd; nil where there is none

	below map[imagepath.Path]map[imagepath.Path]bool // what is in each directory
}

func newTree() *tree {
	return &tree{files: map[string]*tar.Header{}, below: map[imagepath.Path]map[imagepath.Path]bool{}}
}

// add puts a layer on top: r gives a tar, compressed or not.
func (t *tree) add(r io.Reader) error {
	in := bufio.NewReader(r)
	content := io.Reader(in)
	switch magic, _ := in.Peek(4); {
	case strings.HasPrefix(string(magic), "\x1f\x8b"):
		zip, err := gzip.NewReader(in)
		if err != nil {
			return err
		}
		content = zip
	case string(magic) == "\x28\xb5\x2f\xfd":
		unzstd, err := zstd.NewReader(in)
		if err != nil {
			return err
		}
		defer unzstd.Close()
		content = unzstd
	}
	for archive := tar.NewReader(content); ; {
		h, err := archive.Next()
		if err == io.EOF {
			return drain(content, in)
		}
		if err != nil {
			return err
		}
		if err := t.put(h, archive); err != nil {
			return err
		}
	}
}

// drain reads what comes after the end of an archive, and of its compression: whether a layer has its digest is known
// at its end.
func drain(readers ...io.Reader) error {
	for _, r := range readers {
		if _, err := io.Copy(io.Discard, r); err != nil {
			return err
		}
	}
	return nil
}

// addEntries puts a layer on top of which the entries are known. Of contents only those of a few files are, etc/passwd
// among them; apk's database is never a package's.
func (t *tree) addEntries(entries []apkfacts.Entry) error {
	for _, e := range entries {
		typeflag, err := typeflagOf(e.Type)
		if err != nil {
			return fmt.Errorf("%s: %w", e.Path, err)
		}
		h := &tar.Header{
			Name: e.Path.String(), Typeflag: typeflag, Mode: int64(e.Mode), Uid: e.UID, Gid: e.GID, Size: e.Size, Linkname: e.Link,
		}
		if e.Type == apkfacts.Hardlink {
			h.Linkname = e.File.String()
		}
		if err := t.put(h, bytes.NewReader(e.Content)); err != nil {
			return err
		}
	}
	return nil
}

func typeflagOf(t apkfacts.Type) (byte, error) {
	switch t {
	case apkfacts.File:
		return tar.TypeReg, nil
	case apkfacts.Dir:
		return tar.TypeDir, nil
	case apkfacts.Symlink:
		return tar.TypeSymlink, nil
	case apkfacts.Hardlink:
		return tar.TypeLink, nil
	case apkfacts.CharDev:
		return tar.TypeChar, nil
	case apkfacts.BlockDev:
		return tar.TypeBlock, nil
	case apkfacts.NamedPipe:
		return tar.TypeFifo, nil
	}
	return 0, fmt.Errorf("type is %q, want one that facts have", t)
}

// put applies one entry of a layer. Whiteouts are those of the OCI specification's layer.md.
func (t *tree) put(h *tar.Header, content io.Reader) error {
	at, kind, err := imagepath.FromLayer(h.Name)
	if err != nil {
		return err
	}
	name := strings.TrimPrefix(at.Absolute(), "/")
	switch kind {
	case imagepath.Ignored:
		return nil
	case imagepath.Opaque:
		t.clear(at)
		return nil
	case imagepath.Removed:
		t.clear(at)
		delete(t.files, name)
		return nil
	}
	if old := t.files[name]; old != nil && old.Typeflag == tar.TypeDir && h.Typeflag != tar.TypeDir {
		t.clear(at)
	}
	t.files[name] = h
	t.note(at)
	switch name {
	case "lib/apk/db/installed", "usr/lib/apk/db/installed":
		return t.readPackages(content)
	case "etc/passwd":
		text, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		t.accounts, err = passwd.Parse(text, nil, nil)
		return err
	}
	return nil
}

// note remembers in which directory a path is, and that in which.
func (t *tree) note(at imagepath.Path) {
	for !at.IsRoot() {
		dir := at.Parent()
		if t.below[dir] == nil {
			t.below[dir] = map[imagepath.Path]bool{}
		}
		if t.below[dir][at] {
			return
		}
		t.below[dir][at] = true
		at = dir
	}
}

// clear removes what is in a directory.
func (t *tree) clear(dir imagepath.Path) {
	for at := range t.below[dir] {
		t.clear(at)
		delete(t.files, strings.TrimPrefix(at.Absolute(), "/"))
	}
	delete(t.below, dir)
}

// readPackages reads names and versions off apk's database of installed packages.
func (t *tree) readPackages(content io.Reader) error {
	t.packages = map[string]string{}
	name := ""
	lines := bufio.NewScanner(content)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		switch key, value, _ := strings.Cut(lines.Text(), ":"); key {
		case "P":
			name = value
		case "V":
			t.packages[name] = value
		}
	}
	return lines.Err()
}

// find looks a path up, through symbolic links of folders above it.
func (t *tree) find(name string) *tar.Header {
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	for range 40 { // as many links as Linux follows
		resolved, again := t.resolve(name)
		if !again {
			return t.files[name]
		}
		name = resolved
	}
	return nil
}

// resolve replaces the first folder of name that is a link by what it points to.
func (t *tree) resolve(name string) (string, bool) {
	for i, c := range name {
		if c != '/' {
			continue
		}
		folder := name[:i]
		h := t.files[folder]
		if h == nil || h.Typeflag != tar.TypeSymlink {
			continue
		}
		target := h.Linkname
		if !path.IsAbs(target) {
			target = path.Join("/", path.Dir(folder), target)
		}
		return strings.TrimPrefix(path.Join(target, name[i:]), "/"), true
	}
	return name, false
}

func owner(h *tar.Header) string { return fmt.Sprintf("%d:%d", h.Uid, h.Gid) }
