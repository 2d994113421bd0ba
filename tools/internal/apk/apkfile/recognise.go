package apkfile

import (
	"bytes"
	"fmt"

	"github.com/rules-apk/rules_apk/tools/internal/apk/adb"
)

// prefixLen is how many bytes recognise wants to see.
const prefixLen = 64

// recognise names what is often found in a package's place. Other things turn out
// not to be gzip later on.
func recognise(prefix []byte) error {
	if err := adb.Detect(prefix); err != nil {
		return err
	}
	if bytes.HasPrefix(prefix, []byte("version https://git-lfs.github.com/spec/")) {
		return fmt.Errorf("this is a Git LFS pointer, want the package that it stands for; run \"git lfs pull\" where the repository was checked out")
	}
	return nil
}
