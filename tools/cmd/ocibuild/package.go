package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkspec"
	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
	"github.com/rules-apk/rules_apk/tools/internal/entries"
)

type packageFlags struct {
	spec         apkspec.Spec
	entries      entries.List
	key, keyName string
	apk          string
}

func parsePackageFlags(args []string) (*packageFlags, error) {
	f := &packageFlags{}
	fs := newFlags("package")
	fs.jsonValue(&f.spec, "package-spec", "JSON: name, version, ...")
	fs.required = append(fs.required, "package-spec")
	fs.entries(&f.entries)
	fs.StringVar(&f.key, "key", "", "file: a private RSA key; without one the package is not signed")
	fs.StringVar(&f.keyName, "key-name", "", "name of the public key's file, such as builder.rsa.pub")
	fs.need(&f.apk, "apk-out", "output file")
	if err := fs.parse(args); err != nil {
		return nil, err
	}
	return f, nil
}

func runPackage(_ context.Context, args []string, _ io.Writer) error {
	f, err := parsePackageFlags(args)
	if err != nil {
		return err
	}
	files, err := f.entries.Files()
	if err != nil {
		return fmt.Errorf("package %q: %w", f.spec.Name, err)
	}
	p, err := f.spec.Package(files)
	if err != nil {
		return err
	}
	if p.Signer, err = readSigner(f.key, f.keyName); err != nil {
		return err
	}
	scratch, err := os.CreateTemp("", "package")
	if err != nil {
		return err
	}
	defer os.Remove(scratch.Name())
	defer scratch.Close()
	return atomicfile.Write(f.apk, func(w io.Writer) error { return apkfile.Write(w, scratch, p) })
}

// readSigner returns nil if no key is named.
func readSigner(key, name string) (*apksign.Signer, error) {
	if (key == "") != (name == "") {
		return nil, cli.Usagef("want --key and --key-name together")
	}
	if key == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(key)
	if err != nil {
		return nil, err
	}
	return apksign.NewSigner(pem, name, apksign.RSASHA256)
}
