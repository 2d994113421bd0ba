package apkfile

import (
	"archive/tar"
	"fmt"
	"strconv"
)

// The limits of a package. What is beyond is an error before memory is taken for it, and memory does not grow with what
// is not held: the contents of files.
const (
	// maxControl bounds the signature section and the control section, compressed and expanded, in bytes each. The
	// largest of 426 real packages expands to 100 kB.
	maxControl = 16 << 20
	// maxControlFiles bounds the files of a control section.
	maxControlFiles = 1000
	// maxEntries bounds the entries of a data section.
	maxEntries = 1 << 20
	// maxNames bounds what entries state besides their contents: names, targets, owners, extended attributes; the bytes
	// of all together.
	maxNames = 256 << 20
	// maxContents bounds the sizes of all files of a data section together, as they are installed.
	maxContents = 64 << 30
	// maxName bounds the path of an entry and the target of a link.
	maxName = 4096
)

// budget counts what a data section has used of the limits.
type budget struct {
	entries         int
	names, contents int64
}

// spend is called with an entry before anything of it is kept or read.
func (b *budget) spend(h *tar.Header) error {
	if b.entries++; b.entries > maxEntries {
		return fmt.Errorf("more than %d entries, want at most that", maxEntries)
	}
	if len(h.Name) > maxName || len(h.Linkname) > maxName {
		return fmt.Errorf("%.100q…: its name has %d bytes and its target %d, want at most %d", h.Name, len(h.Name), len(h.Linkname), maxName)
	}
	b.names += int64(len(h.Name) + len(h.Linkname) + len(h.Uname) + len(h.Gname))
	for key, value := range h.PAXRecords {
		b.names += int64(len(key) + len(value))
	}
	if b.names > maxNames {
		return fmt.Errorf("%.100q: names and attributes of the entries up to here have more than %d bytes, want at most that", h.Name, maxNames)
	}
	if err := checkPAXSize(h); err != nil {
		return err
	}
	if h.Size < 0 || h.Size > maxContents-b.contents {
		return fmt.Errorf("%.100q: the files up to here have more than %d bytes, want at most that", h.Name, int64(maxContents))
	}
	b.contents += h.Size
	return nil
}

// checkPAXSize refuses a PAX record "size" where the header itself has room for the size. Some programs, apk among
// them, go by the header, others by the record: they would find other files in one archive.
func checkPAXSize(h *tar.Header) error {
	const most = 1<<33 - 1 // 11 octal digits
	stated, ok := h.PAXRecords["size"]
	if !ok {
		return nil
	}
	if size, err := strconv.ParseInt(stated, 10, 64); err != nil || size <= most {
		return fmt.Errorf("%.100q: its PAX record \"size\" is %.20q, want one for sizes above %d only, as programs differ in whether they go by it", h.Name, stated, int64(most))
	}
	return nil
}
