package apkfile

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkname"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkversion"
	"github.com/rules-apk/rules_apk/tools/internal/compressor"
)

// A Package is what Write makes a package file of.
type Package struct {
	// Info holds the lines of .PKGINFO. Write adds "size" and "datahash", which must not be among them.
	Info Info
	// Scripts are the control section's other files, such as ".post-install".
	Scripts map[string][]byte
	Entries []Entry
	// ModTime is the time of every file in the archive, in Unix seconds.
	ModTime int64
	// Signer is nil for an unsigned package.
	Signer *apksign.Signer
}

// Write writes a package. The data section comes after the control section, which states its digest, so it is put into
// scratch first: an empty temporary file. The same package gives the same bytes, in whatever order its entries come.
func Write(w io.Writer, scratch io.ReadWriteSeeker, p *Package) error {
	info, err := p.info(scratch)
	if err != nil {
		return fmt.Errorf("package %q: %w", p.Info.Name(), err)
	}
	control, err := p.control(info)
	if err != nil {
		return fmt.Errorf("package %q: control section: %w", p.Info.Name(), err)
	}
	if p.Signer != nil {
		err = p.Signer.SignArchive(w, p.ModTime, control)
	} else {
		_, err = w.Write(control)
	}
	if err != nil {
		return err
	}
	if _, err := scratch.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(w, scratch)
	return err
}

// info writes the data section and returns the complete lines of .PKGINFO.
func (p *Package) info(scratch io.Writer) (Info, error) {
	for _, key := range []string{"pkgname", "pkgver", "arch"} {
		if p.Info.Value(key) == "" {
			return nil, fmt.Errorf("no %q in its info; want one", key)
		}
	}
	for _, key := range []string{"size", "datahash"} {
		if v, ok := p.Info.Get(key); ok {
			return nil, fmt.Errorf("info has %s = %q; want none, as it is computed", key, v)
		}
	}
	for _, pair := range p.Info {
		if strings.ContainsAny(pair.Key+pair.Value, "\n\r\x00") {
			return nil, fmt.Errorf("info %s = %q: want one line", pair.Key, pair.Value)
		}
	}
	if _, err := apkname.Parse(p.Info.Name()); err != nil {
		return nil, err
	}
	if _, err := apkversion.Parse(p.Info.Version()); err != nil {
		return nil, err
	}
	hash := sha256.New()
	size, err := p.writeData(io.MultiWriter(scratch, hash))
	if err != nil {
		return nil, fmt.Errorf("data section: %w", err)
	}
	return append(slices.Clone(p.Info),
		Pair{"size", fmt.Sprint(size)},
		Pair{"datahash", hex.EncodeToString(hash.Sum(nil))},
	), nil
}

func (p *Package) writeData(w io.Writer) (size int64, err error) {
	entries, err := withParents(p.Entries)
	if err != nil {
		return 0, err
	}
	gz, err := compressor.Gzip(w)
	if err != nil {
		return 0, err
	}
	tw := tar.NewWriter(gz)
	for _, e := range entries {
		if err := e.write(tw, p.ModTime); err != nil {
			return 0, fmt.Errorf("%s: %w", e.Path, err)
		}
		size += e.Size
	}
	return size, errors.Join(tw.Close(), gz.Close())
}

func (p *Package) control(info Info) ([]byte, error) {
	for name := range p.Scripts {
		if !strings.HasPrefix(name, ".") || strings.Contains(name, "/") || name == infoName || apksign.IsFileName(name) {
			return nil, fmt.Errorf("script %q: want a name such as %q", name, ".post-install")
		}
	}
	var b strings.Builder
	gz, err := compressor.Gzip(&b)
	if err != nil {
		return nil, err
	}
	tw := tar.NewWriter(gz)
	if err := writeControlFile(tw, infoName, 0o644, []byte(info.String()), p.ModTime); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(p.Scripts)) {
		if err := writeControlFile(tw, name, 0o755, p.Scripts[name], p.ModTime); err != nil {
			return nil, err
		}
	}
	// No end-of-archive blocks: apk reads all sections as one tar.
	if err := errors.Join(tw.Flush(), gz.Close()); err != nil {
		return nil, err
	}
	return []byte(b.String()), nil
}

func writeControlFile(tw *tar.Writer, name string, mode int64, content []byte, modTime int64) error {
	h := &tar.Header{
		Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(content)),
		Uname: "root", Gname: "root", ModTime: time.Unix(modTime, 0),
	}
	if err := tw.WriteHeader(h); err != nil {
		return err
	}
	_, err := tw.Write(content)
	return err
}
