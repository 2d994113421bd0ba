package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/network"
	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
	"github.com/rules-apk/rules_apk/tools/internal/fetch"
)

// file is what --get says of a file.
type file struct {
	// Name is what the file is called where PROGRAM gets it.
	Name string `json:"name"`
	// URLs are tried in order.
	URLs []string `json:"urls"`
	// SHA256 is "sha256:" and lower-case hex.
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

func (f file) check() error {
	digest, ok := strings.CutPrefix(f.SHA256, "sha256:")
	if raw, err := hex.DecodeString(digest); !ok || err != nil || len(raw) != sha256.Size {
		return fmt.Errorf("sha256 is %q, want \"sha256:\" and 64 lower-case hex digits", f.SHA256)
	}
	if f.Name == "" || f.Name != filepath.Base(f.Name) || f.Name == ".." {
		return fmt.Errorf("name is %q, want the name of a file, without a folder", f.Name)
	}
	if len(f.URLs) == 0 {
		return fmt.Errorf("%s: urls is empty, want at least one", f.Name)
	}
	return nil
}

// downloader writes files that are what their digest says.
type downloader struct {
	client *fetch.Client
}

// writeAll writes each file into a folder of its own below dir: names need not differ.
func (d downloader) writeAll(ctx context.Context, files []file, dir string) ([]string, error) {
	paths := make([]string, len(files))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(network.Jobs)
	for i, f := range files {
		paths[i] = filepath.Join(dir, strconv.Itoa(i)+"-"+f.Name)
		group.Go(func() error { return d.write(ctx, f, paths[i]) })
	}
	return paths, group.Wait()
}

// write downloads a file. One mirror with wrong bytes does not keep the next from being asked.
func (d downloader) write(ctx context.Context, f file, path string) error {
	err := d.writeFrom(ctx, f, path, f.URLs...)
	if err == nil || ctx.Err() != nil {
		return err
	}
	var wrong *wrongBytes
	if !errors.As(err, &wrong) || len(f.URLs) == 1 {
		return &nowhere{f.Name, err}
	}
	// One of them has another file: whose that was, each of them tells by itself.
	var failures []error
	for _, url := range f.URLs {
		err := d.writeFrom(ctx, f, path, url)
		if err == nil || ctx.Err() != nil {
			return err
		}
		failures = append(failures, err)
	}
	return &nowhere{f.Name, errors.Join(failures...)}
}

// nowhere says that no place has a file.
type nowhere struct {
	name string
	err  error
}

func (e *nowhere) Error() string {
	return fmt.Sprintf("%s: no place has it: %s; where it was deleted, run `update` of the lock, or lay a copy of the locked packages in with `mirror` and name it as a mirror of the repository",
		e.name, strings.ReplaceAll(e.err.Error(), "\n", "; "))
}

func (e *nowhere) Unwrap() error { return e.err }

// wrongBytes says that a place has another file.
type wrongBytes struct{ problem string }

func (e *wrongBytes) Error() string { return e.problem }

// writeFrom writes the file from the first of the URLs that has one.
func (d downloader) writeFrom(ctx context.Context, f file, path string, urls ...string) error {
	r, err := d.client.Open(ctx, urls...)
	if err != nil {
		return err
	}
	defer r.Close()
	return atomicfile.Write(path, func(w io.Writer) error {
		hash := sha256.New()
		// One byte more than there should be is enough to see that there is more.
		n, err := io.Copy(io.MultiWriter(w, hash), io.LimitReader(r, f.Size+1))
		if err != nil {
			return fmt.Errorf("%s: %w", urls[0], err)
		}
		if n > f.Size {
			return &wrongBytes{fmt.Sprintf("%s: more than %d bytes, want %d", urls[0], f.Size, f.Size)}
		}
		if got := "sha256:" + hex.EncodeToString(hash.Sum(nil)); n != f.Size || got != f.SHA256 {
			return &wrongBytes{fmt.Sprintf("%s: %d bytes with %s, want %d with %s", urls[0], n, got, f.Size, f.SHA256)}
		}
		return nil
	})
}
