package apksystem

import (
	"archive/tar"
	"fmt"
	"io"
	"os"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// source is a file of a package, in the package file.
type source struct {
	facts *apkfacts.Facts
	entry *apkfacts.Entry // of the facts
	file  string
}

// read calls use with the content. The package must be the one that the facts are of.
func (s source) read(use func(io.Reader) error) error {
	in, err := os.Open(s.file)
	if err != nil {
		return err
	}
	defer in.Close()
	at, used := 0, false
	file, err := apkfile.Read(in, apkfile.Examined(s.facts.Checksum), func(h *tar.Header, content io.Reader) error {
		at++
		if at > len(s.facts.Entries) || &s.facts.Entries[at-1] != s.entry {
			return nil
		}
		if name, err := imagepath.FromArchive(h.Name); err != nil || name != s.entry.Path {
			return fmt.Errorf("the facts have %s here; want the package that the facts are of", s.entry.Path)
		}
		used = true
		return use(content)
	})
	switch {
	case err != nil:
		return fmt.Errorf("package %s: %s: %w", s.facts, s.file, err)
	case !used || file.LayerDigest != s.facts.Layer.Digest.String():
		return fmt.Errorf("package %s: %s: its layer is %s, but the facts are of %s", s.facts, s.file, file.LayerDigest, s.facts.Layer.Digest)
	}
	return nil
}
