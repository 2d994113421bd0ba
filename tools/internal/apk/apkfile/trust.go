package apkfile

import (
	"errors"
	"fmt"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/verified"
)

// A Trust says what vouches for a package. It verifies the control section, which vouches for the data section. The
// zero value trusts nothing.
type Trust struct {
	control func(section []byte, file *File) (verified.Bytes, error)
	sha256  string // of the whole file, or empty
}

// Indexed trusts the package whose control section has the checksum ("Q1" and base64) that a verified index states.
func Indexed(checksum string) Trust {
	return stated(checksum, "the index states: this is not the file that was indexed; get it again")
}

// Locked trusts the package that a lock names: by the checksum of its control section and the SHA-256 ("sha256:<hex>")
// of the whole file.
func Locked(checksum, sha256 string) Trust {
	t := stated(checksum, "the lock states: the repository has another build of this version, or the file was changed; lock again, or get it again")
	t.sha256 = sha256
	return t
}

// Examined trusts the package that facts were extracted from, when it was verified, by the checksum of its control
// section.
func Examined(checksum string) Trust {
	return stated(checksum, "its facts state; want the package that the facts are of")
}

func stated(checksum, by string) Trust {
	return Trust{control: func(section []byte, _ *File) (verified.Bytes, error) {
		b, err := verified.Checksum(section, checksum)
		var other *verified.Mismatch
		if errors.As(err, &other) {
			err = fmt.Errorf("checksum is %s, want %s as %s", other.Got, other.Want, by)
		}
		return b, err
	}}
}

// Signed trusts a package whose control section a key of the keyring signed.
func Signed(keyring *apksign.Keyring) Trust {
	return Trust{control: func(section []byte, f *File) (b verified.Bytes, err error) {
		f.Key, b, err = keyring.Verify(f.Signatures, section)
		return b, err
	}}
}

// Built trusts any package: it is an output or a source of the build that reads it, which pins its bytes.
func Built() Trust {
	return Trust{control: func(section []byte, _ *File) (verified.Bytes, error) {
		return verified.Trust(section, "the build that made the package"), nil
	}}
}

// verify checks the control section and returns what may be parsed of it.
func (t Trust) verify(section []byte, f *File) (verified.Bytes, error) {
	if t.control == nil {
		return verified.Bytes{}, errors.New("nothing vouches for this package")
	}
	return t.control(section, f)
}

// verifyFile checks the digest of the whole file, where it is known.
func (t Trust) verifyFile(f *File) error {
	if t.sha256 != "" && f.SHA256 != t.sha256 {
		return fmt.Errorf("the file is %s, want %s as the lock states: the repository has another build of this version", f.SHA256, t.sha256)
	}
	return nil
}
