package apkindex

import (
	"archive/tar"
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkname"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkversion"
	"github.com/rules-apk/rules_apk/tools/internal/compressor"
)

// Write writes the text of an APKINDEX: the packages by name, then in the
// order given, with their fields in the order that apk writes them.
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

// WriteFields writes the fields of one package, one a line, as both the index
// and the database of installed packages begin an entry.
func WriteFields(out *bufio.Writer, p *Package) error {
	if _, err := apkname.Parse(p.Name); err != nil {
		return err
	}
	if _, err := apkversion.Parse(p.Version); err != nil {
		return err
	}
	priority := ""
	if p.ProviderPriority != 0 {
		priority = strconv.Itoa(p.ProviderPriority)
	}
	buildTime := ""
	if p.BuildTime != 0 {
		buildTime = strconv.FormatInt(p.BuildTime, 10)
	}
	for _, field := range []struct {
		letter byte
		value  string
	}{
		{'C', p.Checksum},
		{'P', p.Name},
		{'V', p.Version},
		{'A', p.Arch},
		{'S', strconv.FormatInt(p.Size, 10)},
		{'I', strconv.FormatInt(p.InstalledSize, 10)},
		{'T', p.Description},
		{'U', p.URL},
		{'L', p.License},
		{'o', p.Origin},
		{'m', p.Maintainer},
		{'t', buildTime},
		{'c', p.Commit},
		{'k', priority},
		{'D', strings.Join(p.Depends, " ")},
		{'p', strings.Join(p.Provides, " ")},
		{'i', strings.Join(p.InstallIf, " ")},
	} {
		// apk writes these three even if they are empty.
		if field.value == "" && !strings.ContainsRune("TUL", rune(field.letter)) {
			continue
		}
		if strings.ContainsAny(field.value, "\n\r") {
			return fmt.Errorf("field %c has a line break: %q", field.letter, clip(field.value))
		}
		out.WriteByte(field.letter)
		out.WriteByte(':')
		out.WriteString(field.value)
		out.WriteByte('\n')
	}
	return nil
}

// WriteArchive writes the second stream of an APKINDEX.tar.gz, the one that a
// signature covers: a gzipped tar of DESCRIPTION and APKINDEX. The same index
// gives the same bytes always.
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
