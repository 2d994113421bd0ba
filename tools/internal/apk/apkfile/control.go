package apkfile

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/rules-apk/rules_apk/tools/internal/verified"
)

// parseControl reads .PKGINFO and the scripts out of a control section.
func parseControl(section verified.Bytes) (info Info, scripts map[string][]byte, err error) {
	plain, err := gunzip(section.Reader())
	if err != nil {
		return nil, nil, err
	}
	files, err := readControl(plain)
	if err != nil {
		return nil, nil, err
	}
	text, ok := files[infoName]
	if !ok {
		return nil, nil, fmt.Errorf("no %s in it; want an apk version 2 package", infoName)
	}
	delete(files, infoName)
	info, err = parseInfo(string(text))
	return info, files, err
}

// readControl returns the files of a control section's tar by name; what is no file is passed over, as apk does.
func readControl(plain []byte) (map[string][]byte, error) {
	files := make(map[string][]byte)
	r := bytes.NewReader(plain)
	tr := tar.NewReader(r)
	end := 0 // of the last entry and its padding
	for count := 0; ; count++ {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			if end != len(plain) {
				return nil, fmt.Errorf("%d bytes after the last file, want none, not even an end of the archive (apk calls this a BAD archive)", len(plain)-end)
			}
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if count == maxControlFiles {
			return nil, fmt.Errorf("more than %d files, want at most that", maxControlFiles)
		}
		// apk takes any other name for the beginning of the data section.
		if !strings.HasPrefix(h.Name, ".") || strings.Contains(h.Name, "/") {
			if _, ok := files[infoName]; !ok {
				return nil, fmt.Errorf("no %s before %.100q; want an apk version 2 package", infoName, h.Name)
			}
			return nil, fmt.Errorf("it holds %.100q, want names only that begin with a dot and have no slash: apk does not install such a package", h.Name)
		}
		if err := checkPAXSize(h); err != nil {
			return nil, err
		}
		// What a sparse file claims to have need not be there.
		if h.Size > int64(len(plain)) {
			return nil, fmt.Errorf("%.100q has %d bytes, want at most the %d of the section", h.Name, h.Size, len(plain))
		}
		const block = 512
		content, err := io.ReadAll(tr)
		if err != nil {
			return nil, fmt.Errorf("%.100q: %w", h.Name, err)
		}
		end = (len(plain) - r.Len() + block - 1) / block * block
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if _, ok := files[h.Name]; ok {
			return nil, fmt.Errorf("%.100q is there twice, want it once", h.Name)
		}
		files[h.Name] = content
	}
}

// gunzip expands one gzip stream of a section before the data section.
func gunzip(r io.Reader) ([]byte, error) {
	gz, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	gz.Multistream(false)
	return readPlain(gz)
}

func readPlain(gz io.Reader) ([]byte, error) {
	plain, err := io.ReadAll(io.LimitReader(gz, maxControl+1))
	if err != nil {
		return nil, err
	}
	if len(plain) > maxControl {
		return nil, fmt.Errorf("expands to more than %d bytes, want at most that", maxControl)
	}
	return plain, nil
}
