package apkindex

import (
	"fmt"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
)

// Describe returns the entry that the index of an architecture has for a package, out of the package's own .PKGINFO.
// checksum is "Q1…" and size in bytes of the package file. A package that says "noarch" gets the index's architecture,
// under whose folder it lies.
func Describe(info apkfile.Info, checksum string, size int64, arch string) (*Package, error) {
	p := &Package{
		Name:        info.Name(),
		Version:     info.Version(),
		Arch:        info.Arch(),
		Description: info.Value("pkgdesc"),
		URL:         info.Value("url"),
		License:     info.Value("license"),
		Origin:      info.Value("origin"),
		Maintainer:  info.Value("maintainer"),
		Commit:      info.Value("commit"),
		Checksum:    checksum,
		Size:        size,
		Depends:     info.List("depend"),
		Provides:    info.List("provides"),
		InstallIf:   info.List("install_if"),
		Replaces:    info.List("replaces"),
	}
	if p.Arch == "noarch" {
		p.Arch = arch
	}
	for _, f := range []struct{ key, letter string }{{"origin", "o"}, {"maintainer", "m"}, {"commit", "c"}} {
		if value, ok := info.Get(f.key); ok && value == "" {
			p.Empty += f.letter
		}
	}
	var err error
	if p.InstalledSize, err = info.Int("size"); err != nil {
		return nil, fmt.Errorf("package %s: %w", p, err)
	}
	if p.BuildTime, err = info.Int("builddate"); err != nil {
		return nil, fmt.Errorf("package %s: %w", p, err)
	}
	priority, err := info.Int("provider_priority")
	if err != nil {
		return nil, fmt.Errorf("package %s: %w", p, err)
	}
	p.ProviderPriority = int(priority)
	return p, nil
}
