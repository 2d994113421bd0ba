package lockfile

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkname"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktime"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkversion"
)

// check refuses a lock that contradicts itself.
func (l *Lock) check() error {
	if l.Version != Version {
		return fmt.Errorf("version is %d, want %d", l.Version, Version)
	}
	if err := l.checkRepositories(); err != nil {
		return err
	}
	if err := l.checkOrder(); err != nil {
		return err
	}
	// names holds what is locked, by architecture.
	names := make(map[string]map[string]bool)
	for i := range l.Packages {
		p := &l.Packages[i]
		if names[p.Arch] == nil {
			names[p.Arch] = make(map[string]bool)
		}
		names[p.Arch][p.Name] = true
	}
	for i := range l.Packages {
		if err := l.checkPackage(&l.Packages[i], names); err != nil {
			return fmt.Errorf("%s: %w", l.Packages[i].ID(), err)
		}
	}
	return nil
}

func (l *Lock) checkRepositories() error {
	if len(l.Config.Archs) == 0 {
		return errors.New("config.archs is empty, want the architectures that the lock is for")
	}
	for i, r := range l.Repositories {
		if r.URL == "" {
			return fmt.Errorf("repositories[%d]: no url; want one", i)
		}
		if len(r.Indexes) != len(l.Config.Archs) {
			return fmt.Errorf("repository %s: %d indexes, want one for each of config.archs: %q", r.URL, len(r.Indexes), l.Config.Archs)
		}
		for j, index := range r.Indexes {
			if j > 0 && r.Indexes[j-1].Arch >= index.Arch {
				return fmt.Errorf("repository %s: indexes: %q after %q, want them sorted, each once", r.URL, index.Arch, r.Indexes[j-1].Arch)
			}
			if !slices.Contains(l.Config.Archs, index.Arch) {
				return fmt.Errorf("repository %s: index of %q, want only config.archs: %q", r.URL, index.Arch, l.Config.Archs)
			}
			if err := checkDigest("digest", index.Digest); err != nil {
				return fmt.Errorf("repository %s (%s): %w", r.URL, index.Arch, err)
			}
			if index.Fingerprint != "" {
				if err := checkDigest("fingerprint", index.Fingerprint); err != nil {
					return fmt.Errorf("repository %s (%s): %w", r.URL, index.Arch, err)
				}
			}
			if err := apktime.Check(index.Time); err != nil {
				return fmt.Errorf("repository %s (%s): time: %w", r.URL, index.Arch, err)
			}
		}
	}
	return nil
}

func (l *Lock) checkOrder() error {
	for i := 1; i < len(l.Packages); i++ {
		a, b := &l.Packages[i-1], &l.Packages[i]
		if a.Name == b.Name && a.Arch == b.Arch {
			return fmt.Errorf("%s: is there twice, at versions %s and %s; want one entry", b.ID(), a.Version, b.Version)
		}
		if compare(*a, *b) > 0 {
			return fmt.Errorf("%s: comes after %s; want packages sorted by name, then arch", b.ID(), a.ID())
		}
	}
	return nil
}

// compare is the order of Lock.Packages.
func compare(a, b Package) int {
	if c := strings.Compare(a.Name, b.Name); c != 0 {
		return c
	}
	return strings.Compare(a.Arch, b.Arch)
}

// Sort puts packages and indexes into the order in which a lock has them.
func (l *Lock) Sort() {
	slices.SortStableFunc(l.Packages, compare)
	for _, r := range l.Repositories {
		slices.SortStableFunc(r.Indexes, func(a, b Index) int { return strings.Compare(a.Arch, b.Arch) })
	}
}

func (l *Lock) checkPackage(p *Package, names map[string]map[string]bool) error {
	if p.Name == "" || p.Version == "" || p.URL == "" {
		return fmt.Errorf("name is %q, version %q, url %q; want all three", p.Name, p.Version, p.URL)
	}
	if _, err := apkname.Parse(p.Name); err != nil {
		return err
	}
	if _, err := apkversion.Parse(p.Version); err != nil {
		return err
	}
	if !slices.Contains(l.Config.Archs, p.Arch) {
		return fmt.Errorf("arch is %q, want one of config.archs: %q", p.Arch, l.Config.Archs)
	}
	if p.Repository < 0 || p.Repository >= len(l.Repositories) {
		return fmt.Errorf("repository is %d, want the number of one of the %d repositories", p.Repository, len(l.Repositories))
	}
	if want := "/" + p.Name + "-" + p.Version + ".apk"; !strings.HasSuffix(p.URL, want) {
		return fmt.Errorf("url is %q, want one that ends in %q, as its name and version say", p.URL, want)
	}
	// What the index calls noarch may lie in a folder of that name.
	base, file := l.Repositories[p.Repository].URL+"/", "/"+p.Name+"-"+p.Version+".apk"
	if p.URL != base+p.Arch+file && p.URL != base+"noarch"+file {
		return fmt.Errorf("url is %q, want one in its repository: %q", p.URL, base+p.Arch+"/")
	}
	for _, d := range []struct{ field, value string }{{"sha256", p.SHA256}, {"layer", p.Layer}, {"diff_id", p.DiffID}} {
		if err := checkDigest(d.field, d.value); err != nil {
			return err
		}
	}
	if !isChecksum(p.Checksum) {
		return fmt.Errorf("checksum is %q, want Q1 and the base64 of a SHA-1", p.Checksum)
	}
	if err := p.checkSections(); err != nil {
		return err
	}
	if p.InstalledSize < 0 {
		return fmt.Errorf("installed_size is %d, want 0 or more", p.InstalledSize)
	}
	if err := apktime.Check(p.BuildTime); err != nil {
		return fmt.Errorf("build_time: %w", err)
	}
	return p.checkEdges(names[p.Arch])
}

func (p *Package) checkSections() error {
	start := int64(0)
	if s := p.Sections.Signature; s != nil {
		if s.Offset() != 0 || s.Size() <= 0 {
			return fmt.Errorf("sections.signature is %v, want [0, size]", *s)
		}
		start = s.End()
	}
	if c := p.Sections.Control; c.Offset() != start || c.Size() <= 0 {
		return fmt.Errorf("sections.control is %v, want [%d, size] as it follows the signature", c, start)
	}
	if d, want := p.Sections.Data, p.Sections.Control.End(); d.Offset() != want || d.Size() <= 0 {
		return fmt.Errorf("sections.data is %v, want [%d, size] as it follows the control section", d, want)
	}
	if got := p.Sections.Data.End(); p.Size != got {
		return fmt.Errorf("size is %d, want %d, where its data section ends", p.Size, got)
	}
	return nil
}

func (p *Package) checkEdges(names map[string]bool) error {
	if err := p.checkRequirements("depends", p.Depends, names); err != nil {
		return err
	}
	if err := p.checkRequirements("install_if", p.InstallIf, names); err != nil {
		return err
	}
	for _, list := range []struct {
		field string
		items []string
	}{{"provides", p.Provides}, {"replaces", p.Replaces}} {
		for _, item := range list.items {
			if _, err := apkconstraint.Parse(item); err != nil {
				return fmt.Errorf("%s: %w", list.field, err)
			}
		}
	}
	return nil
}

func (p *Package) checkRequirements(field string, list []Requirement, names map[string]bool) error {
	for _, r := range list {
		c, err := apkconstraint.Parse(r.Needs)
		if err != nil {
			return fmt.Errorf("%s: %w", field, err)
		}
		if len(r.By) == 0 && !c.Conflict {
			return fmt.Errorf("%s: %q is met by no package; want the names of those that meet it", field, r.Needs)
		}
		for i, name := range r.By {
			if !names[name] {
				return fmt.Errorf("%s: %q is met by %q, which is not locked for %s; want an entry for it", field, r.Needs, name, p.Arch)
			}
			if slices.Contains(r.By[:i], name) {
				return fmt.Errorf("%s: %q is met by %q, want each name once", field, r.Needs, r.By)
			}
		}
	}
	return nil
}

func checkDigest(field, value string) error {
	digits, ok := strings.CutPrefix(value, "sha256:")
	sum, err := hex.DecodeString(digits)
	if !ok || err != nil || len(sum) != sha256.Size || digits != strings.ToLower(digits) {
		return fmt.Errorf("%s is %q, want sha256: and 64 lower-case hex digits", field, value)
	}
	return nil
}

func isChecksum(s string) bool {
	encoded, ok := strings.CutPrefix(s, "Q1")
	sum, err := base64.StdEncoding.DecodeString(encoded)
	return ok && err == nil && len(sum) == sha1.Size
}
