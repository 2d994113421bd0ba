// Package convert turns unpacked Debian packages into what `ocibuild package` makes APK packages of.
package convert

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/deb"
	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/licence"
	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/soname"
	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/usrmerge"
)

// source is a Debian package with what its files say.
type source struct {
	*deb.Package
	name, version string
	// moved says that paths of it lie below /usr only on a merged system.
	moved bool
	// sonames are the libraries that the dynamic linker finds without being told where, each with the version in its
	// file's name.
	sonames map[string]string
	needed  map[string]bool
	// copyright is the text, or documentation is the package that has it.
	copyright, documentation string
}

// survey reads the files of a package and moves what lies outside of /usr.
func survey(p *deb.Package) (*source, error) {
	s := &source{
		Package: p, name: p.Control["Package"], version: p.Control["Version"],
		sonames: map[string]string{}, needed: map[string]bool{},
	}
	entries := make(map[string]deb.Entry, len(p.Entries))
	for _, e := range p.Entries {
		shipped := e.Path
		e.Path = usrmerge.Path(shipped)
		if e.Mode.Type() == fs.ModeSymlink {
			e.Link = usrmerge.Target(shipped, e.Link)
		}
		s.moved = s.moved || e.Path != shipped
		old, ok := entries[e.Path]
		switch {
		case !ok, isSelf(old):
			entries[e.Path] = e
		case isSelf(e), old.Mode.IsDir() && e.Mode.IsDir() && old.Mode == e.Mode:
		default:
			return nil, fmt.Errorf("package %s: ships %s twice once /usr is merged", s.name, e.Path)
		}
	}
	var kept []deb.Entry
	for _, e := range p.Entries {
		moved, ok := entries[usrmerge.Path(e.Path)]
		if !ok {
			continue
		}
		delete(entries, moved.Path)
		if isSelf(moved) {
			return nil, fmt.Errorf("package %s: %s is a link to itself once /usr is merged", s.name, moved.Path)
		}
		kept = append(kept, moved)
		if err := s.look(moved); err != nil {
			return nil, fmt.Errorf("package %s: %w", s.name, err)
		}
	}
	p.Entries = kept
	return s, nil
}

// isSelf says whether e is a link that leads, on a merged system, to itself: a package has one in /usr/bin for each
// program of its in /bin.
func isSelf(e deb.Entry) bool {
	if e.Mode.Type() != fs.ModeSymlink {
		return false
	}
	target := e.Link
	if !path.IsAbs(target) {
		target = path.Join("/", path.Dir(e.Path), target)
	}
	return usrmerge.Path(strings.TrimPrefix(path.Clean(target), "/")) == e.Path
}

// look takes what the package has to say from one of its files.
func (s *source) look(e deb.Entry) error {
	doc := "usr/share/doc/" + s.name
	switch {
	case e.Path == doc+"/copyright" && e.File != "":
		text, err := os.ReadFile(e.File)
		s.copyright = string(text)
		return err
	case e.Path == doc && e.Link != "":
		s.documentation = path.Base(e.Link)
	case e.File != "":
		library, err := soname.Read(e.File)
		if err != nil {
			return fmt.Errorf("%s: %w", e.Path, err)
		}
		for _, name := range library.Needed {
			s.needed[name] = true
		}
		if library.Name != "" && isLibraryFolder(path.Dir(e.Path)) {
			s.sonames[library.Name] = soVersion(path.Base(e.Path), library.Name)
		}
	}
	return nil
}

// isLibraryFolder says whether the dynamic linker of Debian looks into dir: usr/lib, and the folder for the
// architecture in it.
func isLibraryFolder(dir string) bool {
	return dir == "usr/lib" || path.Dir(dir) == "usr/lib" && strings.Contains(dir, "-linux-gnu")
}

// soVersion is the version to provide a soname with, as Alpine's packages do: what the file's name has after ".so.",
// else what the soname has there, else 0.
func soVersion(file, soname string) string {
	for _, name := range []string{file, soname} {
		_, after, ok := strings.Cut(name, ".so.")
		if ok && strings.Trim(after, "0123456789.") == "" && !strings.Contains("."+after+".", "..") {
			return after
		}
	}
	return "0"
}

// licenceOf is the package's SPDX expression. Packages of one source may have their documentation in one of them.
func (s *Set) licenceOf(p *source) string {
	for links := 0; links < len(s.sources); links++ {
		other, ok := s.sources[p.documentation]
		if p.copyright != "" || !ok {
			break
		}
		p = other
	}
	return licence.Expression(p.name, p.copyright)
}
