package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
)

type repositoryFlags struct {
	arch, description, key, keyName, dir string
	apks                                 []string
}

func parseRepositoryFlags(args []string) (*repositoryFlags, error) {
	f := &repositoryFlags{}
	fs := newFlags("repository")
	fs.need(&f.arch, "arch", "apk's name of the architecture")
	fs.strings(&f.apks, "apk", "file: a package; may be repeated")
	fs.StringVar(&f.description, "description", "", "what the repository calls itself")
	fs.StringVar(&f.key, "key", "", "file: a private RSA key; without one the index is not signed")
	fs.StringVar(&f.keyName, "key-name", "", "name of the public key's file, such as builder.rsa.pub")
	fs.need(&f.dir, "repository-out", "output folder")
	if err := fs.parse(args); err != nil {
		return nil, err
	}
	return f, nil
}

func runRepository(_ context.Context, args []string, _ io.Writer) error {
	f, err := parseRepositoryFlags(args)
	if err != nil {
		return err
	}
	signer, err := readSigner(f.key, f.keyName)
	if err != nil {
		return err
	}
	dir := filepath.Join(f.dir, f.arch)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	index := &apkindex.Index{Description: f.description}
	from := map[string]string{}
	var newest int64
	for _, path := range f.apks {
		p, err := describe(path, f.arch)
		if err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		if other, ok := from[p.FileName()]; ok {
			return fmt.Errorf("repository: %s and %s are both %s; leave one out", other, path, p)
		}
		from[p.FileName()] = path
		if err := copyFile(path, filepath.Join(dir, p.FileName())); err != nil {
			return err
		}
		index.Packages = append(index.Packages, p)
		newest = max(newest, p.BuildTime)
	}
	var archive bytes.Buffer
	if err := apkindex.WriteArchive(&archive, index); err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(dir, "APKINDEX.tar.gz"), func(w io.Writer) error {
		if signer != nil {
			return signer.SignArchive(w, newest, archive.Bytes())
		}
		_, err := w.Write(archive.Bytes())
		return err
	})
}

// describe returns the index entry of a package, which must be for the architecture.
func describe(path, arch string) (*apkindex.Package, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	file, err := apkfile.Read(in, apkfile.Built(), nil)
	if err != nil {
		return nil, err
	}
	p, err := apkindex.Describe(file.Info, file.Checksum, file.Size, arch)
	if err != nil {
		return nil, err
	}
	if p.Arch != arch {
		return nil, fmt.Errorf("package %s: arch is %q, want %q or \"noarch\"", p, p.Arch, arch)
	}
	return p, nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return atomicfile.Write(to, func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	})
}
