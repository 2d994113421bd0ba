package apkindex

import (
	"archive/tar"
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/compressor"
)

// Write writes the text of an APKINDEX: the packages by name, then in the order given, with their fields in the order
// that apk writes them.
func Write(w io.Writer, packages []*Package) error {
	sorted := slices.Clone(packages)
	slices.SortStableFunc(sorted, func(a, b *Package) int { return strings.Compare(a.Name, b.Name) })
	out := bufio.NewWriter(w)
	for _, p := range sorted {
		fields, err := Fields(p)
		if err != nil {
			return fmt.Errorf("index: package %q: %w", p.String(), err)
		}
		for _, f := range fields {
			f.WriteTo(out)
		}
		out.WriteByte('\n')
	}
	return out.Flush()
}

// WriteArchive writes the second stream of an APKINDEX.tar.gz, the one that a signature covers: a gzipped tar of
// DESCRIPTION and APKINDEX. The same index gives the same bytes always.
func WriteArchive(w io.Writer, index *Index) error {
	var text bytes.Buffer
	if err := Write(&text, index.Packages); err != nil {
		return err
	}
	zipped, err := compressor.Gzip(w)
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	archive := tar.NewWriter(zipped)
	for _, file := range []struct {
		name    string
		content []byte
	}{
		{"DESCRIPTION", []byte(index.Description)},
		{"APKINDEX", text.Bytes()},
	} {
		header := &tar.Header{Name: file.name, Mode: 0o644, Size: int64(len(file.content)), Format: tar.FormatUSTAR}
		if err := archive.WriteHeader(header); err != nil {
			return fmt.Errorf("index: %s: %w", file.name, err)
		}
		if _, err := archive.Write(file.content); err != nil {
			return fmt.Errorf("index: %s: %w", file.name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	return zipped.Close()
}
