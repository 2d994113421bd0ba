package apksystem

import (
	"fmt"
	"path"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// Named is a file by the last part of its name.
type Named struct {
	Name    string
	Content []byte
}

// addKeys adds the keys that apk in the image trusts, besides those in packages.
func addKeys(b *builder) error {
	for _, k := range b.spec.Keys {
		if !strings.HasSuffix(k.Name, ".rsa.pub") || k.Name != path.Base(k.Name) {
			return fmt.Errorf("key %s: want a file name that ends in .rsa.pub", k.Name)
		}
		if !strings.Contains(string(k.Content), "-----BEGIN PUBLIC KEY-----") {
			return fmt.Errorf("key %s: it has no PEM block PUBLIC KEY", k.Name)
		}
		at, err := imagepath.Must("etc/apk/keys").Join(k.Name)
		if err != nil {
			return fmt.Errorf("key %s: %w", k.Name, err)
		}
		if err := b.overlay.file(at, k.Content, "key "+k.Name); err != nil {
			return err
		}
	}
	return nil
}
