package layerfiles

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
)

// Layer is a layer to be written.
type Layer struct {
	// Name goes into the history of images.
	Name        string
	Compression ocilayer.Compression
	// ModTime is the modification time of every entry.
	ModTime time.Time
	Entries []*Entry
}

// Write writes the layer to w and returns its descriptor. Entries come in the order of their paths, whatever the order
// they are given in; folders above them are not made, for that would change those of the image below. A path that two
// entries have is an error, unless both are directories of trees.
func (l *Layer) Write(w io.Writer) (ocilayer.Descriptor, error) {
	files, err := l.files()
	if err != nil {
		return ocilayer.Descriptor{}, err
	}
	out, err := ocilayer.NewCompressedWriter(w, l.Compression)
	if err != nil {
		return ocilayer.Descriptor{}, err
	}
	for _, f := range files {
		f.header.ModTime = l.ModTime
		if err := add(out, f); err != nil {
			return ocilayer.Descriptor{}, err
		}
	}
	return out.Close(l.Name)
}

func (l *Layer) files() ([]file, error) {
	var files []file
	for _, e := range l.Entries {
		found, err := e.files()
		if err != nil {
			return nil, fmt.Errorf("layer %s: %s: %w", l.Name, e.Path, err)
		}
		files = append(files, found...)
	}
	// Stable: of two directories with one path the first stays.
	slices.SortStableFunc(files, func(a, b file) int { return cmp.Compare(key(a), key(b)) })
	unique := files[:0]
	for _, f := range files {
		if n := len(unique); n > 0 && key(unique[n-1]) == key(f) {
			if unique[n-1].header.Name != f.header.Name || !strings.HasSuffix(f.header.Name, "/") {
				return nil, fmt.Errorf("layer %s: two entries have the path %s, want one", l.Name, key(f))
			}
			continue
		}
		unique = append(unique, f)
	}
	return unique, nil
}

func key(f file) string { return strings.TrimSuffix(f.header.Name, "/") }

func add(out *ocilayer.Writer, f file) error {
	if f.source == "" {
		return out.Add(f.header, nil)
	}
	content, err := os.Open(f.source)
	if err != nil {
		return err
	}
	defer content.Close()
	return out.Add(f.header, content)
}
