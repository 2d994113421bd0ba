package apkindex

import (
	"archive/tar"
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/gzip"

	"github.com/rules-apk/rules_apk/tools/internal/apk/adb"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktime"
	"github.com/rules-apk/rules_apk/tools/internal/apk/tarend"
	"github.com/rules-apk/rules_apk/tools/internal/verified"
)

// The limits of an index. The largest that are known, of 17,587 packages, have
// 1.7 MB, and 7.6 MB uncompressed.
const (
	// MaxFile bounds APKINDEX.tar.gz, in bytes.
	MaxFile = 64 << 20
	// maxText bounds the file APKINDEX in it, uncompressed.
	maxText = 256 << 20
	// maxDescription bounds DESCRIPTION.
	maxDescription = 64 << 10
	// maxFiles bounds the number of files in the archive, and what is read of those that are neither.
	maxFiles = 100
)

// Index is a whole APKINDEX.tar.gz.
type Index struct {
	// Description is the text of DESCRIPTION: what the repository calls itself, often with a version.
	Description string
	Packages    []*Package
	// Time is when the index was made, in Unix seconds: the later of the time that the archive has for APKINDEX and the
	// newest build time in it. Both are signed. 0 if neither is stated.
	Time int64
}

// Read reads the signed part of an APKINDEX.tar.gz, which is what comes after its signature section:
// apksign.Keyring.VerifyArchive returns it. An index of apk version 3 is an error that wraps adb.ErrVersion3.
func Read(signed verified.Bytes) (*Index, error) {
	if n := signed.Len(); n > MaxFile {
		return nil, fmt.Errorf("index: %d bytes, want at most %d", n, MaxFile)
	}
	raw := bufio.NewReaderSize(signed.Reader(), 64<<10)
	if magic, err := raw.Peek(adb.PrefixLen); err == nil {
		if err := adb.Detect(magic); err != nil {
			return nil, fmt.Errorf("index: %w", err)
		}
	}
	unzipped, err := gzip.NewReader(raw)
	if err != nil {
		return nil, fmt.Errorf("index: not gzip: %w; want an APKINDEX.tar.gz", err)
	}
	counted := &counter{r: bufio.NewReaderSize(unzipped, 64<<10)}
	index, err := readTar(counted)
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	if err := tarend.Check(counted); err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	return index, nil
}

// readTar reads DESCRIPTION and APKINDEX out of a tar; other files are passed over.
func readTar(r *counter) (*Index, error) {
	archive := tar.NewReader(r)
	var index Index
	found := false
	for count := 0; ; count++ {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if count == maxFiles {
			return nil, fmt.Errorf("more than %d files in it, want two: DESCRIPTION and APKINDEX", maxFiles)
		}
		switch limit := int64(maxText); {
		case header.Typeflag != tar.TypeReg:
			continue
		case apksign.IsFileName(header.Name):
			return nil, fmt.Errorf("the signed part holds %.100q, want that before it only", header.Name)
		case header.Size > limit:
			return nil, fmt.Errorf("%.100q has %d bytes, want at most %d", header.Name, header.Size, limit)
		case header.Name == "DESCRIPTION":
			text, err := io.ReadAll(io.LimitReader(archive, maxDescription))
			if err != nil {
				return nil, fmt.Errorf("DESCRIPTION: %w", err)
			}
			index.Description = string(text)
		case header.Name == "APKINDEX":
			if found {
				return nil, errors.New("two files APKINDEX in it, want one")
			}
			found = true
			if index.Packages, err = parse(archive); err != nil {
				return nil, err
			}
			index.Packages = firstOfEach(index.Packages)
			made := header.ModTime.Unix()
			if err := apktime.Check(made); err != nil {
				return nil, fmt.Errorf("time of the file APKINDEX: %w", err)
			}
			index.Time = newest(index.Packages, made)
		}
	}
	if !found {
		return nil, errors.New("no file APKINDEX in it; want an APKINDEX.tar.gz")
	}
	return &index, nil
}

// firstOfEach leaves out what has the name and version of an earlier package: as apk does, it takes the first.
func firstOfEach(packages []*Package) []*Package {
	type id struct{ name, version string }
	seen := make(map[id]bool, len(packages))
	return slices.DeleteFunc(packages, func(p *Package) bool {
		again := seen[id{p.Name, p.Version}]
		seen[id{p.Name, p.Version}] = true
		return again
	})
}

func newest(packages []*Package, time int64) int64 {
	for _, p := range packages {
		time = max(time, p.BuildTime)
	}
	return time
}

// counter fails where an archive expands to more than an index may have.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if c.n += int64(n); c.n > maxText+maxDescription {
		return 0, fmt.Errorf("expands to more than %d bytes, want at most that", maxText+maxDescription)
	}
	return n, err
}
