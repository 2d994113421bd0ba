package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
	"github.com/rules-apk/rules_apk/tools/internal/oci/layerfiles"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
)

type layerFlags struct {
	name, compression string
	modTime           int64
	entries           []*layerfiles.Entry
	layer, descriptor string
}

func parseLayerFlags(args []string) (*layerFlags, error) {
	f := &layerFlags{}
	fs := newFlags("layer")
	fs.StringVar(&f.name, "name", "", "what the history of images says of it")
	fs.StringVar(&f.compression, "compression", string(ocilayer.Gzip), "gzip or zstd")
	fs.Int64Var(&f.modTime, "mtime", 0, "modification time of every entry, Unix seconds")
	fs.Func("entry", "JSON: one path of the layer; may be repeated", func(value string) error {
		data, err := argument(value)
		if err != nil {
			return err
		}
		e, err := layerfiles.ParseEntry(data)
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
	fs.need(&f.layer, "blob-out", "output file")
	fs.need(&f.descriptor, "layer-out", "output file: the layer's descriptor")
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
	layer := &layerfiles.Layer{
		Name:        f.name,
		Compression: ocilayer.Compression(f.compression),
		ModTime:     time.Unix(f.modTime, 0),
		Entries:     f.entries,
	}
	var descriptor ocilayer.Descriptor
	err = atomicfile.Write(f.layer, func(w io.Writer) (err error) {
		descriptor, err = layer.Write(w)
		return err
	})
	if err != nil {
		return err
	}
	return writeLayerDescriptor(f.descriptor, descriptor)
}
