package entries

import (
	"archive/tar"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
)

// shareable is the least size of files that become one: below it there is nothing to gain.
const shareable = 4096

// Share turns files with the same content, mode and owner into hard links to the first of them, in place. An
// interpreter has several names, by links that a remote machine does not see; so the content decides. Only what belongs
// to root, and so does not change in a container, is shared.
func Share(files []File) error {
	type twin struct {
		size, mode int64
		gid        int
		gname      string
	}
	same := map[twin][]int{}
	for i := range files {
		f := &files[i]
		if f.Type == tar.TypeReg && f.Size >= shareable && f.UID == 0 {
			key := twin{f.Size, f.Mode, f.GID, f.Gname}
			same[key] = append(same[key], i)
		}
	}
	for _, group := range same {
		if len(group) < 2 {
			continue
		}
		first := map[[sha256.Size]byte]*File{}
		for _, i := range group {
			f := &files[i]
			sum, err := f.sum()
			if err != nil {
				return err
			}
			if one, ok := first[sum]; !ok {
				first[sum] = f
			} else if maps.Equal(one.Xattrs, f.Xattrs) {
				f.Type, f.Target, f.Size, f.source, f.Xattrs = tar.TypeLink, one.Path.String(), 0, "", nil
			}
		}
	}
	return nil
}

func (f *File) sum() (sum [sha256.Size]byte, err error) {
	content, err := f.Open()
	if err != nil {
		return sum, err
	}
	defer content.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, content); err != nil {
		return sum, fmt.Errorf("reading %s: %w", f.source, err)
	}
	return [sha256.Size]byte(hash.Sum(nil)), nil
}
