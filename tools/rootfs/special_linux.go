package rootfs

import (
	"archive/tar"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// makeSpecial makes a device or named pipe. made is false where the process may not, as in a user namespace.
func makeSpecial(root *os.Root, at imagepath.Path, header *tar.Header) (made bool, err error) {
	parent, err := root.Open(at.Parent().String())
	if err != nil {
		return false, err
	}
	defer parent.Close()
	kind := map[byte]uint32{tar.TypeChar: unix.S_IFCHR, tar.TypeBlock: unix.S_IFBLK, tar.TypeFifo: unix.S_IFIFO}[header.Typeflag]
	device := unix.Mkdev(uint32(header.Devmajor), uint32(header.Devminor))
	err = unix.Mknodat(int(parent.Fd()), at.Base(), kind|0o644, int(device))
	if errors.Is(err, unix.EPERM) {
		return false, nil
	}
	return err == nil, err
}

// setXattrs sets the extended attributes of a file or directory, but for those that the process or the file system
// cannot.
func setXattrs(root *os.Root, at imagepath.Path, records map[string]string) error {
	var file *os.File
	for key, value := range records {
		name, ok := strings.CutPrefix(key, "SCHILY.xattr.")
		if !ok {
			continue
		}
		if file == nil {
			var err error
			if file, err = root.Open(at.String()); err != nil {
				return err
			}
			defer file.Close()
		}
		err := unix.Fsetxattr(int(file.Fd()), name, []byte(value), 0)
		if err != nil && !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.ENOTSUP) {
			return fmt.Errorf("attribute %q: %w", name, err)
		}
	}
	return nil
}
