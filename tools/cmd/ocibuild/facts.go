package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
)

type factsFlags struct {
	apk, facts, descriptor, elf string
	expect                      apkfacts.Expectation
}

func parseFactsFlags(args []string) (*factsFlags, error) {
	f := &factsFlags{}
	fs := newFlags("facts")
	fs.need(&f.apk, "apk", "file: the package")
	fs.need(&f.facts, "facts-out", "output file")
	fs.StringVar(&f.descriptor, "layer-out", "", "output file: the layer descriptor; without it, who needs one has it from a lock")
	fs.StringVar(&f.elf, "elf-out", "", "output file: a list of the package's ELF files, for link-check")
	fs.jsonValue(&f.expect, "expect", "JSON: what the lock file says of the package")
	if err := fs.parse(args); err != nil {
		return nil, err
	}
	return f, nil
}

func runFacts(_ context.Context, args []string, _ io.Writer) error {
	f, err := parseFactsFlags(args)
	if err != nil {
		return err
	}
	apk, err := os.Open(f.apk)
	if err != nil {
		return err
	}
	defer apk.Close()
	facts, file, err := apkfacts.Extract(apk, f.expect.Trust())
	if err != nil {
		return fmt.Errorf("reading %s: %w", f.apk, err)
	}
	if err := f.expect.Check(file); err != nil {
		return fmt.Errorf("%s: %w", f.apk, err)
	}
	data, err := facts.JSON()
	if err != nil {
		return err
	}
	if err := atomicfile.WriteBytes(f.facts, data); err != nil {
		return err
	}
	if f.elf != "" {
		if err := writePackageELF(f.elf, apk, f.expect.Trust()); err != nil {
			return fmt.Errorf("reading %s: %w", f.apk, err)
		}
	}
	if f.descriptor == "" {
		return nil
	}
	return writeLayerDescriptor(f.descriptor, facts.Layer)
}
