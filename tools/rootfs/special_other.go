//go:build !linux

package rootfs

import (
	"archive/tar"
	"os"

	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// makeSpecial leaves devices and named pipes out.
func makeSpecial(*os.Root, imagepath.Path, *tar.Header) (made bool, err error) { return false, nil }

// setXattrs leaves extended attributes out.
func setXattrs(*os.Root, imagepath.Path, map[string]string) error { return nil }
