// Package ociblob reads the blobs of images from wherever they are: a range of a file, an OCI layout, a URL or another
// repository. Nothing that it reads is believed: every byte goes through the digest that the manifest states.
package ociblob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/oci/layerspec"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
)

// Store knows where blobs can be had. Fill it before the first Open; after that it can be used from several goroutines.
type Store struct {
	// Layouts are OCI layout directories that may hold any blob.
	Layouts []string
	// Repositories may hold any blob, too; they are asked last.
	Repositories []name.Repository
	// Fetch reads a URL. Without it URLs are an error.
	Fetch func(ctx context.Context, url string) (io.ReadCloser, error)
	// Pull reads a blob of a repository. Without it Repositories are not asked.
	Pull func(context.Context, name.Digest) (io.ReadCloser, error)

	places map[v1.Hash][]place
	names  map[v1.Hash]string
	bad    sync.Map // URL or repository -> true: it gave wrong bytes
}

// place is one file or URL whose bytes from offset on are a blob.
type place struct {
	file, url string
	offset    int64
}

// AddLayer records where the layer that a spec names can be had, and returns its descriptor.
func (s *Store) AddLayer(layer layerspec.Layer) (ocilayer.Descriptor, error) {
	desc, err := layer.Read()
	if err != nil {
		return desc, err
	}
	if layer.Blob != "" {
		s.AddFile(desc.Digest, layer.Blob, desc.Offset)
	}
	for _, url := range layer.URLs {
		s.AddURL(desc.Digest, url, desc.Offset)
	}
	s.SetName(desc.Digest, desc.Name)
	return desc, nil
}

// AddFile records that the blob digest begins at offset in a file.
func (s *Store) AddFile(digest v1.Hash, file string, offset int64) {
	s.add(digest, place{file: file, offset: offset})
}

// AddURL records that the blob digest begins at offset of what is at url, which is https, http or file.
func (s *Store) AddURL(digest v1.Hash, url string, offset int64) {
	if file, ok := strings.CutPrefix(url, "file://"); ok {
		s.AddFile(digest, file, offset)
		return
	}
	s.add(digest, place{url: url, offset: offset})
}

func (s *Store) add(digest v1.Hash, p place) {
	if s.places == nil {
		s.places = map[v1.Hash][]place{}
	}
	s.places[digest] = append(s.places[digest], p)
}

// SetName gives a blob a name for messages.
func (s *Store) SetName(digest v1.Hash, name string) {
	if s.names == nil {
		s.names = map[v1.Hash]string{}
	}
	s.names[digest] = name
}

// Name is the name of a blob for messages: that which was set, and its digest.
func (s *Store) Name(digest v1.Hash) string {
	if name := s.names[digest]; name != "" {
		return fmt.Sprintf("%s (%s)", name, digest)
	}
	return digest.String()
}

// Open returns the bytes of the blob that desc describes, from the first place that has them: files, then layouts, URLs
// and repositories. Bytes that differ from desc make a Read fail, with a *CorruptError, before the last of them is
// handed out.
func (s *Store) Open(ctx context.Context, desc v1.Descriptor) (io.ReadCloser, error) {
	if r, err := s.openLocal(desc); r != nil || err != nil {
		return r, err
	}
	return s.openRemote(ctx, desc)
}

func (s *Store) openLocal(desc v1.Descriptor) (io.ReadCloser, error) {
	var files []place
	for _, p := range s.places[desc.Digest] {
		if p.file != "" {
			files = append(files, p)
		}
	}
	for _, dir := range s.Layouts {
		files = append(files, place{file: filepath.Join(dir, "blobs", desc.Digest.Algorithm, desc.Digest.Hex)})
	}
	for _, p := range files {
		f, err := os.Open(p.file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("layer %s: %w", s.Name(desc.Digest), err)
		}
		section := struct {
			io.Reader
			io.Closer
		}{io.NewSectionReader(f, p.offset, desc.Size), f}
		return verify(section, desc, func(problem string) error {
			source := p.file
			if p.offset != 0 {
				source = fmt.Sprintf("%s (from byte %d on)", p.file, p.offset)
			}
			return &CorruptError{Blob: s.Name(desc.Digest), Source: source, Problem: problem}
		}), nil
	}
	return nil, nil
}

func (s *Store) openRemote(ctx context.Context, desc v1.Descriptor) (io.ReadCloser, error) {
	var tried []error
	// Sources that once gave wrong bytes come last: a retry goes on to the next.
	for _, again := range []bool{false, true} {
		for _, source := range s.remote(ctx, desc) {
			if _, bad := s.bad.Load(source.name); bad != again {
				continue
			}
			r, err := source.open()
			if err != nil {
				tried = append(tried, fmt.Errorf("%s: %w", source.name, err))
				continue
			}
			return verify(r, desc, func(problem string) error {
				s.bad.Store(source.name, true)
				return &CorruptError{Blob: s.Name(desc.Digest), Source: source.name, Problem: problem, Remote: true}
			}), nil
		}
	}
	return nil, &MissingError{Blob: s.Name(desc.Digest), Files: s.files(desc.Digest), Tried: tried}
}

type remoteSource struct {
	name string
	open func() (io.ReadCloser, error)
}

func (s *Store) remote(ctx context.Context, desc v1.Descriptor) []remoteSource {
	var sources []remoteSource
	for _, p := range s.places[desc.Digest] {
		if p.url != "" {
			sources = append(sources, remoteSource{p.url, func() (io.ReadCloser, error) {
				return s.fetch(ctx, p.url, p.offset)
			}})
		}
	}
	if s.Pull != nil {
		for _, repository := range s.Repositories {
			ref := repository.Digest(desc.Digest.String())
			sources = append(sources, remoteSource{ref.String(), func() (io.ReadCloser, error) { return s.Pull(ctx, ref) }})
		}
	}
	return sources
}

// fetch reads what is at url from offset on. A package's layer begins a few kilobytes into its file, so skipping them
// costs less than asking for a range, which not every server knows.
func (s *Store) fetch(ctx context.Context, url string, offset int64) (io.ReadCloser, error) {
	if s.Fetch == nil {
		return nil, errors.New("is not fetched here")
	}
	r, err := s.Fetch(ctx, url)
	if err != nil {
		return nil, err
	}
	if _, err := io.CopyN(io.Discard, r, offset); err != nil {
		r.Close()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("ends before byte %d, where the layer begins", offset)
		}
		return nil, err
	}
	return r, nil
}

func (s *Store) files(digest v1.Hash) []string {
	var files []string
	for _, p := range s.places[digest] {
		if p.file != "" {
			files = append(files, p.file)
		}
	}
	return files
}

// MissingError says that a blob is in none of the places that were named.
type MissingError struct {
	Blob  string
	Files []string
	Tried []error
}

func (e *MissingError) Error() string {
	var why []string
	for _, file := range e.Files {
		why = append(why, file+" does not exist")
	}
	for _, err := range e.Tried {
		why = append(why, err.Error())
	}
	if len(why) == 0 {
		why = []string{"nothing says where its bytes are"}
	}
	return fmt.Sprintf("layer %s is not to be had: %s", e.Blob, strings.Join(why, "; "))
}

// Unwrap gives the errors of the sources that were tried.
func (e *MissingError) Unwrap() []error { return e.Tried }

// Hint says what to do.
func (e *MissingError) Hint() string {
	return "build the target again, or check that the package's repository or the base image's registry can be reached"
}
