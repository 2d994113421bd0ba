package fetch

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// A Store keeps files that were read from the network in a folder, under keys that say what is in them. What was read
// before an interruption is kept, too: the next reading goes on from there. Several processes may share a folder.
type Store struct {
	Client *Client
	Dir    string
}

// Open opens the file of that key and size from the store, or else from the first location that has it. It is fresh if
// no byte comes from the store. The store does not know whether the content is what the key says: who finds that it is
// not calls Discard. Where the folder cannot be written, nothing is kept.
func (s *Store) Open(ctx context.Context, key string, size int64, locations ...string) (r io.ReadCloser, fresh bool, err error) {
	if f, err := s.stored(key); err == nil {
		return f, false, nil
	}
	part, err := s.openPart(key)
	if err != nil {
		s.Client.notify("no copy is kept: %v", err)
		r, err := s.Client.Open(ctx, locations...)
		return r, true, err
	}
	// Somebody else may have held the lock until the file was complete.
	if f, err := s.stored(key); err == nil {
		return f, false, errors.Join(part.Close(), removeIfThere(s.part(key)))
	}
	b := &storeBody{store: s, key: key, size: size, part: part}
	if err := b.start(ctx, locations); err != nil {
		return nil, false, errors.Join(err, part.Close())
	}
	return b, b.old == 0, nil
}

func (s *Store) openPart(key string) (*lockedfile.File, error) {
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return nil, err
	}
	return lockedfile.OpenFile(s.part(key), os.O_RDWR|os.O_CREATE, 0o600)
}

func (s *Store) stored(key string) (*os.File, error) {
	path := s.path(key)
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	// For Prune. That it fails on a read-only folder does not matter.
	now := time.Now()
	_ = os.Chtimes(path, now, now)
	return f, nil
}

// Discard removes what is stored under a key.
func (s *Store) Discard(key string) error {
	return errors.Join(removeIfThere(s.path(key)), removeIfThere(s.part(key)))
}

// Prune removes what was not opened since a time.
func (s *Store) Prune(since time.Time) error {
	entries, err := os.ReadDir(s.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		info, statErr := e.Info()
		if statErr == nil && info.Mode().IsRegular() && info.ModTime().Before(since) {
			err = errors.Join(err, removeIfThere(filepath.Join(s.Dir, e.Name())))
		}
	}
	return err
}

func (s *Store) path(key string) string { return filepath.Join(s.Dir, key) }

func (s *Store) part(key string) string { return s.path(key) + ".part" }

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// storeBody reads the old part of a file, then the network, and adds what comes from there to the part.
type storeBody struct {
	store   *Store
	key     string
	size    int64
	part    *lockedfile.File
	old     int64 // bytes that the part had at the beginning
	offset  int64
	network *body // nil until needed
	failed  bool  // nothing more can be written to the part
	open    func() (*body, error)
}

func (b *storeBody) start(ctx context.Context, locations []string) error {
	info, err := b.part.Stat()
	if err != nil {
		return err
	}
	b.old = info.Size()
	if b.old > b.size {
		b.old = 0
		if err := b.part.Truncate(0); err != nil {
			return err
		}
	}
	b.open = func() (*body, error) { return b.store.Client.openAt(ctx, b.offset, locations) }
	if b.old > 0 {
		return nil
	}
	b.network, err = b.open()
	return err
}

func (b *storeBody) Read(p []byte) (int, error) {
	if b.offset < b.old {
		n, err := b.part.ReadAt(p[:min(int64(len(p)), b.old-b.offset)], b.offset)
		b.offset += int64(n)
		return n, err
	}
	if b.offset == b.size && b.network == nil {
		return 0, b.finish()
	}
	if b.network == nil {
		var err error
		if b.network, err = b.open(); err != nil {
			return 0, err
		}
	}
	n, err := b.network.Read(p)
	b.keep(p[:n])
	b.offset += int64(n)
	if errors.Is(err, io.EOF) {
		err = b.finish()
	}
	return n, err
}

// keep adds what was read to the part. On a full disk, for one, reading goes on without.
func (b *storeBody) keep(p []byte) {
	if b.failed {
		return
	}
	if _, err := b.part.WriteAt(p, b.offset); err != nil {
		b.failed = true
		b.store.Client.notify("no copy is kept: %v", err)
		// What is there of this write is not known; what was there before it is as it should be.
		_ = b.part.Truncate(b.offset)
	}
}

// finish gives a complete part its name and returns io.EOF.
func (b *storeBody) finish() error {
	if b.offset == b.size && !b.failed {
		if err := os.Rename(b.part.Name(), b.store.path(b.key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			b.store.Client.notify("no copy is kept: %v", err)
		}
	}
	return io.EOF
}

func (b *storeBody) Close() error {
	var err error
	if b.network != nil {
		err = b.network.Close()
	}
	return errors.Join(err, b.part.Close())
}
