package apksystem

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/cabundle"
)

const (
	bundleFile = "etc/ssl/certs/ca-certificates.crt"
	// localDir is where update-ca-certificates looks for what an administrator adds; so it keeps them.
	localDir = "usr/local/share/ca-certificates"
)

// addCertificates adds the image's certificates to the packages' bundles, Java's among them.
func addCertificates(b *builder) error {
	if len(b.spec.Certificates) == 0 {
		return nil
	}
	var all []cabundle.Certificate
	for _, f := range b.spec.Certificates {
		certificates, err := cabundle.Parse(f.Name, f.Content)
		if err != nil {
			return err
		}
		all = append(all, certificates...)
		name := strings.TrimSuffix(f.Name, path.Ext(f.Name)) + ".crt"
		if b.overlay.entries[path.Join(localDir, name)] != nil {
			return fmt.Errorf("certificate %s: another one has that name too; rename one", f.Name)
		}
		if err := b.overlay.file(path.Join(localDir, name), f.Content, "certificate "+f.Name); err != nil {
			return err
		}
	}
	for _, p := range []string{bundleFile, "etc/ssl/cert.pem"} {
		n := b.tree.Node(p)
		switch {
		case n == nil && p != bundleFile:
			continue
		case n != nil && n.Entry.Type == apkfacts.Symlink:
			continue // to the other one
		case n != nil && n.Entry.Size != int64(len(n.Entry.Content)):
			return fmt.Errorf("certificates: the bundle %s of package %s is too large to be added to", p, b.tree.Packages[n.Owner].Facts)
		}
		var bundle []byte
		if n != nil {
			bundle = n.Entry.Content
		}
		if err := b.overlay.file(p, cabundle.Append(bundle, all), "certificates"); err != nil {
			return err
		}
	}
	return b.addJavaCertificates(all)
}

func (b *builder) addJavaCertificates(certificates []cabundle.Certificate) error {
	for _, p := range b.tree.Packages {
		for _, d := range p.Dirs {
			i := slices.IndexFunc(d.Files, func(e *apkfacts.Entry) bool {
				return path.Base(e.Path) == "cacerts" && e.Type == apkfacts.File && len(e.Content) > 0
			})
			if i < 0 {
				continue
			}
			e := *d.Files[i]
			content, err := cabundle.AppendJava(e.Content, certificates, b.built)
			if err != nil {
				return fmt.Errorf("certificates: %s of package %s: %w", e.Path, p.Facts, err)
			}
			e.Content = content
			if err := b.overlay.set(e, "certificates"); err != nil {
				return err
			}
		}
	}
	return nil
}
