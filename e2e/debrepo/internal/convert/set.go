package convert

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/control"
	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/deb"
	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/usrmerge"
	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/version"
)

// Base is the package with the links of a merged /usr. Debian makes them when a system is set up; here they are files
// of this package, which every package depends on whose paths need them.
const Base = "base-files"

// Spec describes a package to `ocibuild package`.
type Spec struct {
	Name        string   `json:"name"`
	Version     string   `json:"version"`
	Arch        string   `json:"arch"`
	Description string   `json:"description"`
	License     string   `json:"license"`
	URL         string   `json:"url"`
	Origin      string   `json:"origin"`
	Maintainer  string   `json:"maintainer"`
	Depends     []string `json:"depends"`
	Provides    []string `json:"provides"`
	Replaces    []string `json:"replaces"`
	BuildTime   int64    `json:"build_time"`
}

// Package is a converted package.
type Package struct {
	Spec    Spec
	Debian  string // its Debian version
	Entries []deb.Entry
}

// Set is the packages of a repository for one architecture: what a package depends on is said with the others in view.
type Set struct {
	arch      string
	exclude   []string
	scratch   string
	sources   map[string]*source
	virtual   map[string][]provided
	libraries map[string][]*source
}

type provided struct {
	source  *source
	version string
}

// Archs are the architectures that packages are converted for: Debian's name of each, and apk's.
func Archs() map[string]string {
	return map[string]string{"amd64": "x86_64", "arm64": "aarch64", "all": "noarch"}
}

// NewSet makes a set of unpacked packages for a Debian architecture. exclude names what nothing is to depend on;
// scratch is a folder for files that are generated.
func NewSet(arch string, exclude []string, scratch string, packages []*deb.Package) (*Set, error) {
	s := &Set{
		arch: arch, exclude: exclude, scratch: scratch,
		sources: map[string]*source{}, virtual: map[string][]provided{}, libraries: map[string][]*source{},
	}
	for _, p := range packages {
		if a := p.Control["Architecture"]; a != arch && a != "all" {
			return nil, fmt.Errorf("package %s: is for %s, want %s or all", p.Control["Package"], a, arch)
		}
		one, err := survey(p)
		if err != nil {
			return nil, err
		}
		if other, ok := s.sources[one.name]; ok {
			return nil, fmt.Errorf("package %s: is there as %s and as %s; leave one out", one.name, other.version, one.version)
		}
		s.sources[one.name] = one
		provides, err := control.Relations(p.Control["Provides"])
		if err != nil {
			return nil, fmt.Errorf("package %s: Provides: %w", one.name, err)
		}
		for _, group := range provides {
			s.virtual[group[0].Name] = append(s.virtual[group[0].Name], provided{one, group[0].Version})
		}
		for name := range one.sonames {
			s.libraries[name] = append(s.libraries[name], one)
		}
	}
	return s, nil
}

// Packages converts all packages, in alphabetical order.
func (s *Set) Packages() ([]*Package, error) {
	var all []*Package
	for _, p := range s.sources {
		converted, err := s.convert(p)
		if err != nil {
			return nil, fmt.Errorf("package %s (%s): %w", p.name, p.version, err)
		}
		all = append(all, converted)
	}
	slices.SortFunc(all, func(a, b *Package) int { return strings.Compare(a.Spec.Name, b.Spec.Name) })
	return all, nil
}

func (s *Set) convert(p *source) (*Package, error) {
	mapped, err := version.APK(p.version)
	if err != nil {
		return nil, err
	}
	if p.moved && s.sources[Base] == nil {
		return nil, fmt.Errorf("ships files outside of /usr that belong there, want the package %s here, which has the links", Base)
	}
	short, _, _ := strings.Cut(p.Control["Description"], "\n")
	origin, _, _ := strings.Cut(p.Control["Source"], " ")
	out := &Package{Debian: p.version, Spec: Spec{
		Name: p.name, Version: mapped, Arch: Archs()[p.Control["Architecture"]],
		Description: short + " (Debian " + p.version + ")", License: s.licenceOf(p), URL: p.Control["Homepage"],
		Origin: origin, Maintainer: p.Control["Maintainer"], BuildTime: p.Modified,
	}}
	if out.Spec.Depends, err = s.depends(p); err != nil {
		return nil, err
	}
	if out.Spec.Provides, err = s.provides(p); err != nil {
		return nil, err
	}
	if out.Spec.Replaces, err = s.replaces(p); err != nil {
		return nil, err
	}
	out.Entries = slices.Clone(p.Entries)
	switch p.name {
	case Base:
		for _, name := range usrmerge.Links(s.arch) {
			out.Entries = append(out.Entries, link(name, "usr/"+name))
		}
	case bundlePackage:
		generated, err := bundle(p.Entries, filepath.Join(s.scratch, s.arch+".crt"))
		if err != nil {
			return nil, err
		}
		out.Entries = append(out.Entries, generated...)
	}
	return out, nil
}

func link(name, target string) deb.Entry {
	return deb.Entry{Path: name, Link: target, Mode: fs.ModeSymlink | 0o777, Uname: "root", Gname: "root"}
}
