package apksystem

import (
	"fmt"
	"path"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
	"github.com/rules-apk/rules_apk/tools/internal/system/cabundle"
)

const (
	bundleFile = "etc/ssl/certs/ca-certificates.crt"
	// localDir is where update-ca-certificates looks for what an administrator adds; so it keeps them.
	localDir = "usr/local/share/ca-certificates"
)

// addCertificates adds the image's certificates to the packages' bundles, Java's among them, and makes the keystore
// that a script would make.
func addCertificates(b *builder) error {
	var all []cabundle.Certificate
	for _, f := range b.spec.Certificates {
		certificates, err := cabundle.Parse(f.Name, f.Content)
		if err != nil {
			return err
		}
		all = append(all, certificates...)
		at, err := imagepath.Must(localDir).Join(strings.TrimSuffix(f.Name, path.Ext(f.Name)) + ".crt")
		if err != nil {
			return fmt.Errorf("certificate %s: %w", f.Name, err)
		}
		if b.overlay.entries[at] != nil {
			return fmt.Errorf("certificate %s: another one has that name too; rename one", f.Name)
		}
		if err := b.overlay.file(at, f.Content, "certificate "+f.Name); err != nil {
			return err
		}
	}
	if len(all) > 0 {
		if err := b.addToBundles(all); err != nil {
			return err
		}
		if err := b.addToKeystores(all); err != nil {
			return err
		}
	}
	return b.makeKeystore(all)
}

// addToBundles adds to the bundle, which it makes if there is none, and to OpenSSL's name of it if that is another
// file.
func (b *builder) addToBundles(certificates []cabundle.Certificate) error {
	done := map[imagepath.Path]bool{}
	for _, p := range []string{bundleFile, "etc/ssl/cert.pem"} {
		at, err := b.tree.ResolveAll(imagepath.Must(p))
		if err != nil {
			return fmt.Errorf("certificates: %w", err)
		}
		n := b.tree.Node(at)
		if done[at] || n == nil && p != bundleFile {
			continue
		}
		done[at] = true
		content, err := b.contentAt(at)
		if err != nil {
			return fmt.Errorf("certificates: the bundle %w", err)
		}
		bundle, err := cabundle.Append(content, certificates)
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		if err := b.overlay.file(at, bundle, "certificates"); err != nil {
			return err
		}
	}
	return nil
}

// contentAt returns what a package's file holds, nothing where nothing is.
func (b *builder) contentAt(at imagepath.Path) ([]byte, error) {
	n := b.tree.Node(at)
	if n == nil {
		return nil, nil
	}
	if n.Entry == nil || n.Entry.Type != apkfacts.File {
		return nil, fmt.Errorf("%s is no file", at)
	}
	if n.Entry.Size != int64(len(n.Entry.Content)) {
		return nil, fmt.Errorf("%s of package %s is too large, or in a place that is not known, to be added to", at, b.tree.Packages[n.Owner].Facts)
	}
	return n.Entry.Content, nil
}

func (b *builder) addToKeystores(certificates []cabundle.Certificate) error {
	for _, p := range b.tree.Packages {
		for _, d := range p.Dirs {
			for _, e := range d.Files {
				if e.Type != apkfacts.File || !apkfacts.IsKeystore(e.Path) {
					continue
				}
				at := d.PathOf(e)
				old, err := b.contentAt(at)
				if err != nil {
					return fmt.Errorf("certificates: Java's keystore %w", err)
				}
				content, err := cabundle.AppendJava(old, certificates, b.built)
				if err != nil {
					return fmt.Errorf("certificates: %s of package %s: %w", e.Path, p.Facts, err)
				}
				changed := *e
				changed.Path, changed.Content = at, content
				if err := b.overlay.set(changed, "certificates"); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// makeKeystore makes Java's keystore out of the bundle where Alpine's java-cacerts would: it ships none, but a script
// that update-ca-certificates runs.
func (b *builder) makeKeystore(added []cabundle.Certificate) error {
	const script, keystore = "etc/ca-certificates/update.d/java-cacerts", "etc/ssl/certs/java/cacerts"
	at, err := b.tree.ResolveAll(imagepath.Must(keystore))
	if err != nil || b.tree.Node(imagepath.Must(script)) == nil || b.tree.Node(at) != nil {
		return err
	}
	bundle, err := b.tree.ResolveAll(imagepath.Must(bundleFile))
	if err != nil {
		return err
	}
	certificates, err := b.contentAt(bundle)
	if err != nil {
		return fmt.Errorf("making Java's keystore: the bundle %w", err)
	}
	content, err := cabundle.NewJava(append(cabundle.Read(certificates), added...), b.built)
	if err != nil {
		return fmt.Errorf("making Java's keystore: %w", err)
	}
	return b.overlay.file(at, content, "Java's keystore")
}
