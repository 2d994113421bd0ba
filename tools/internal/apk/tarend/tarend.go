// Package tarend checks that nothing hides behind the end of an archive: some programs stop there, others read on, and
// apk calls it a BAD archive.
package tarend

import (
	"errors"
	"fmt"
	"io"
)

// maxPadding bounds the zeros after the end, in bytes. Archivers fill up to a record, most often of 10,240 bytes.
const maxPadding = 1 << 20

// Check reads what is left after the end of a tar, of which only zeros may be left.
func Check(r io.Reader) error {
	n, err := io.Copy(io.Discard, io.LimitReader(zeros{r}, maxPadding+1))
	if err == nil && n > maxPadding {
		err = fmt.Errorf("more than %d zeros, want at most that", maxPadding)
	}
	if err != nil {
		return fmt.Errorf("after the end of its archive: %w", err)
	}
	return nil
}

// zeros fails where anything but zeros comes.
type zeros struct{ r io.Reader }

func (z zeros) Read(p []byte) (int, error) {
	n, err := z.r.Read(p)
	for _, b := range p[:n] {
		if b != 0 {
			return 0, errors.New("more than zeros, want nothing (apk calls this a BAD archive)")
		}
	}
	return n, err
}
