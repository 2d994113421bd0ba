//go:build unix

package atomicfile

import (
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// create makes a temporary file beside path. Until unlock is called, sweep of other processes leaves it alone.
func create(path string) (f *os.File, unlock func(), err error) {
	for {
		if f, err = os.CreateTemp(filepath.Dir(path), prefix(path)+"*"); err != nil {
			return nil, nil, err
		}
		// The lock is that of an open file of its own: it must last longer than f is open.
		lock, err := os.Open(f.Name())
		if err == nil {
			// Not every file system has locks, so errors are none.
			for unix.Flock(int(lock.Fd()), unix.LOCK_EX) == unix.EINTR {
			}
			// Before that, another process may have swept the file up.
			if isThere(lock) {
				return f, func() { _ = lock.Close() }, nil
			}
			_ = lock.Close()
		}
		_ = f.Close()
	}
}

func isThere(f *os.File) bool {
	opened, err := f.Stat()
	if err != nil {
		return true
	}
	named, err := os.Stat(f.Name())
	return err == nil && os.SameFile(opened, named)
}

// sweep removes temporary files for path whose processes have ended before they could.
func sweep(path string) {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		if rest, ok := strings.CutPrefix(name, prefix(path)); ok && rest != "" && strings.Trim(rest, "0123456789") == "" {
			removeUnlocked(filepath.Join(filepath.Dir(path), name))
		}
	}
}

func removeUnlocked(path string) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return
	}
	if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil && isThere(f) {
		_ = os.Remove(path)
	}
}
