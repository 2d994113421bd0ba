package main

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
	"github.com/rules-apk/rules_apk/tools/internal/entries"
	"github.com/rules-apk/rules_apk/tools/internal/oci/linkcheck"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
)

type layerFlags struct {
	name, compression string
	modTime           int64
	entries           entries.List
	layer, descriptor string
	elf               string
}

func parseLayerFlags(args []string) (*layerFlags, error) {
	f := &layerFlags{}
	fs := newFlags("layer")
	fs.StringVar(&f.name, "name", "", "what the history of images says of it")
	fs.StringVar(&f.compression, "compression", string(ocilayer.Gzip), "gzip or zstd")
	fs.Int64Var(&f.modTime, "mtime", 0, "modification time of every entry, Unix seconds")
	fs.entries(&f.entries)
	fs.need(&f.layer, "blob-out", "output file")
	fs.need(&f.descriptor, "layer-out", "output file: the layer's descriptor")
	fs.StringVar(&f.elf, "elf-out", "", "output file: a list of the ELF files, for link-check")
	if err := fs.parse(args); err != nil {
		return nil, err
	}
	return f, nil
}

func runLayer(_ context.Context, args []string, _ io.Writer) error {
	f, err := parseLayerFlags(args)
	if err != nil {
		return err
	}
	files, err := f.entries.Files()
	if err == nil {
		err = entries.Share(files)
	}
	if err != nil {
		return fmt.Errorf("layer %s: %w", f.name, err)
	}
	var descriptor ocilayer.Descriptor
	err = atomicfile.Write(f.layer, func(w io.Writer) (err error) {
		descriptor, err = f.write(w, files)
		return err
	})
	if err != nil {
		return err
	}
	if err := f.writeELF(files); err != nil {
		return fmt.Errorf("layer %s: %w", f.name, err)
	}
	return writeLayerDescriptor(f.descriptor, descriptor)
}

func (f *layerFlags) writeELF(files []entries.File) error {
	if f.elf == "" {
		return nil
	}
	list, err := linkcheck.Files(files)
	if err != nil {
		return err
	}
	return writeELFList(f.elf, list)
}

// write writes the layer. Folders above the files are not made, for that would change those of the image below.
func (f *layerFlags) write(w io.Writer, files []entries.File) (ocilayer.Descriptor, error) {
	out, err := ocilayer.NewCompressedWriter(w, ocilayer.Compression(f.compression))
	if err != nil {
		return ocilayer.Descriptor{}, err
	}
	for i := range files {
		if err := f.add(out, &files[i]); err != nil {
			return ocilayer.Descriptor{}, err
		}
	}
	return out.Close(f.name)
}

func (f *layerFlags) add(out *ocilayer.Writer, file *entries.File) error {
	header := file.Header()
	header.ModTime = time.Unix(f.modTime, 0)
	if header.Typeflag != tar.TypeReg {
		return out.Add(header, nil)
	}
	content, err := file.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	return out.Add(header, content)
}
