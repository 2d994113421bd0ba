// Package atomicfile writes a file so that its name never shows half of it.
package atomicfile

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Write creates the file path with what fill writes, replacing any file there.
//
// The bytes go to a temporary file in the same folder, which is renamed to path once fill has returned nil and the file
// is closed; after an error the old content of path, if any, is untouched and nothing is left behind. What processes
// that were killed have left of earlier attempts is removed.
func Write(path string, fill func(io.Writer) error) (err error) {
	sweep(path)
	f, unlock, err := create(path)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer unlock()
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if err := fill(f); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	// CreateTemp makes files that only their owner can read; outputs are for everybody.
	if err := f.Chmod(0o644); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// prefix is what names of temporary files for path begin with; letters and digits follow.
func prefix(path string) string { return "." + filepath.Base(path) + "." }

// WriteBytes is Write of bytes that are at hand.
func WriteBytes(path string, data []byte) error {
	return Write(path, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(data))
		return err
	})
}
