package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkspec"
	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
)

type packageFlags struct {
	spec         apkspec.Spec
	entries      []*apkspec.Entry
	key, keyName string
	apk          string
}

func parsePackageFlags(args []string) (*packageFlags, error) {
	f := &packageFlags{}
	fs := newFlags("package")
	fs.jsonValue(&f.spec, "package-spec", "JSON: name, version, ...")
	fs.required = append(fs.required, "package-spec")
	fs.Func("entry", "JSON: one path of the package; may be repeated", func(value string) error {
		data, err := argument(value)
		if err != nil {
			return err
		}
		e, err := apkspec.ParseEntry(data)
		f.entries = append(f.entries, e)
		return err
	})
	fs.Func("file", "file, or folder, with the content of the entry before it", func(value string) error {
		n := len(f.entries)
		if n == 0 || f.entries[n-1].File != "" || f.entries[n-1].Link != "" {
			return fmt.Errorf("want one --entry without link before each --file")
		}
		f.entries[n-1].File = value
		return nil
	})
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
	p, err := f.spec.Package(f.entries)
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
		return nil, &usageError{"want --key and --key-name together"}
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
