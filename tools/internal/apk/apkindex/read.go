package apkindex

import (
	"archive/tar"
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/rules-apk/rules_apk/tools/internal/apk/adb"
)

// Index is a whole APKINDEX.tar.gz.
type Index struct {
	// Description is the text of DESCRIPTION: what the repository calls
	// itself, often with a version.
	Description string
	Packages    []*Package
}

// Read reads the packages of an APKINDEX.tar.gz, with its signature or
// without. It does not verify the signature: do that first. An index of apk
// version 3 is an error that wraps adb.ErrVersion3.
func Read(r io.Reader) ([]*Package, error) {
	index, err := ReadIndex(r)
	if err != nil {
		return nil, err
	}
	return index.Packages, nil
}

// ReadIndex is Read with the description.
func ReadIndex(r io.Reader) (*Index, error) {
	raw := bufio.NewReaderSize(r, 64<<10)
	if magic, err := raw.Peek(adb.PrefixLen); err == nil {
		if err := adb.Detect(magic); err != nil {
			return nil, fmt.Errorf("index: %w", err)
		}
	}
	unzipped, err := gzip.NewReader(raw)
	if err != nil {
		return nil, fmt.Errorf("index: not gzip: %w; want an APKINDEX.tar.gz", err)
	}
	// Several tars may follow each other: that of the signature need not have
	// an end of its own, but where it has one, another begins after it.
	stream := bufio.NewReaderSize(unzipped, 64<<10)
	index := &Index{}
	found := false
	for {
		more, err := readTar(stream, index)
		if err != nil {
			return nil, err
		}
		found = found || more
		if _, err := stream.Peek(1); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("index: %w", err)
		}
	}
	if !found {
		return nil, errors.New("index: no file APKINDEX in it; want an APKINDEX.tar.gz")
	}
	return index, nil
}

// readTar reads one tar and says whether it had an APKINDEX.
func readTar(stream io.Reader, index *Index) (found bool, err error) {
	archive := tar.NewReader(stream)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return false, fmt.Errorf("index: %w", err)
		}
		switch header.Name {
		case "DESCRIPTION":
			text, err := io.ReadAll(io.LimitReader(archive, 64<<10))
			if err != nil {
				return false, fmt.Errorf("index: DESCRIPTION: %w", err)
			}
			index.Description = string(text)
		case "APKINDEX":
			if index.Packages, err = Parse(archive); err != nil {
				return false, err
			}
			found = true
		}
	}
}
