package apkrepo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/urlpath"
)

// noarch is what a package says that suits every architecture, and the folder where apk 2.14 looks for it.
const noarch = "noarch"

// A Package is a package that was read and verified.
type Package struct {
	*apkfile.File
	// Facts are what is in it.
	Facts *apkfacts.Facts
	// Folder is that of the repository that has it: an architecture, or "noarch".
	Folder string
}

// Package fetches a package that a verified index lists and verifies it: the index vouches for its control section,
// which vouches for its data section. So the package needs no signature of its own. progress, which is told the number
// of bytes of each read, may be nil.
func (r *Reader) Package(ctx context.Context, repo Repository, arch string, p *apkindex.Package, progress func(n int)) (*Package, error) {
	// Servers keep what the index calls noarch here or there.
	folders := []string{arch}
	if p.Arch == noarch {
		folders = append(folders, noarch)
	}
	var first error
	for _, folder := range folders {
		read, err := r.packageIn(ctx, repo, folder, arch, p, progress)
		if err == nil {
			return read, nil
		}
		if first == nil {
			first = err
		}
		var deleted *Deleted
		if !errors.As(err, &deleted) {
			return nil, err
		}
	}
	return nil, first
}

func (r *Reader) packageIn(ctx context.Context, repo Repository, folder, arch string, p *apkindex.Package, progress func(n int)) (*Package, error) {
	read := &Package{Folder: folder}
	want := Wanted{Name: p.Name, Version: p.Version, Arch: arch, Checksum: p.Checksum, Size: p.Size, By: "index", Locations: repo.Files(folder, p.FileName())}
	err := r.Read(ctx, want, progress, func(body io.Reader) error {
		var err error
		if read.Facts, read.File, err = apkfacts.Extract(body, apkfile.Indexed(p.Checksum)); err != nil {
			return err
		}
		return read.check(p)
	})
	if err != nil {
		return nil, err
	}
	return read, nil
}

// check compares a package with the index.
func (p *Package) check(indexed *apkindex.Package) error {
	if p.Info.Name() != indexed.Name || p.Info.Version() != indexed.Version {
		return fmt.Errorf(".PKGINFO says %s-%s, want %s-%s as the index states", p.Info.Name(), p.Info.Version(), indexed.Name, indexed.Version)
	}
	if p.Size != indexed.Size {
		return fmt.Errorf("the file has %d bytes, want %d as the index states", p.Size, indexed.Size)
	}
	return nil
}

// fileURL is where a repository has a file: a URL or a path.
func fileURL(location, folder, file string) string {
	if urlpath.IsRemote(location) {
		// S3 reads a bare + as a blank.
		file = strings.ReplaceAll(file, "+", "%2B")
	}
	return location + "/" + folder + "/" + file
}
