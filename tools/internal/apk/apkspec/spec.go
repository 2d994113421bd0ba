// Package apkspec turns the description of a package that is built here into the package.
package apkspec

import (
	"archive/tar"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkversion"
	"github.com/rules-apk/rules_apk/tools/internal/entries"
)

// Spec describes a package. Lists hold constraints as .PKGINFO has them.
type Spec struct {
	Name             string   `json:"name"`
	Version          string   `json:"version"`
	Arch             string   `json:"arch"`
	Description      string   `json:"description"`
	License          string   `json:"license"` // an SPDX expression
	URL              string   `json:"url"`
	Origin           string   `json:"origin"` // the name, if empty
	Maintainer       string   `json:"maintainer"`
	Depends          []string `json:"depends"`
	Provides         []string `json:"provides"`
	Replaces         []string `json:"replaces"`
	ReplacesPriority int      `json:"replaces_priority"`
	InstallIf        []string `json:"install_if"`
	ProviderPriority int      `json:"provider_priority"`
	Triggers         []string `json:"triggers"`   // absolute paths of directories, globs allowed
	BuildTime        int64    `json:"build_time"` // Unix seconds; also the time of every file
	// Scripts are texts by kind: "pre-install", "post-install", "trigger", ...
	Scripts map[string]string `json:"scripts"`
}

// Info returns the lines of .PKGINFO, after checking that the package can be used: name, version and constraints.
func (s *Spec) Info() (apkfile.Info, error) {
	if s.Name == "" || strings.ContainsAny(s.Name, " \t\n/<>=~!@") {
		return nil, fmt.Errorf("package: name is %q, want letters, digits and any of +-._", s.Name)
	}
	if !apkversion.Valid(s.Version) {
		return nil, fmt.Errorf("package %q: version is %q, want one such as 1.2.3-r0", s.Name, s.Version)
	}
	for _, field := range []struct {
		name string
		list []string
	}{{"depends", s.Depends}, {"provides", s.Provides}, {"replaces", s.Replaces}, {"install_if", s.InstallIf}} {
		for _, c := range field.list {
			if _, err := apkconstraint.Parse(c); err != nil {
				return nil, fmt.Errorf("package %q: %s: %w", s.Name, field.name, err)
			}
		}
	}
	origin := s.Origin
	if origin == "" {
		origin = s.Name
	}
	info := apkfile.Info{
		{Key: "pkgname", Value: s.Name},
		{Key: "pkgver", Value: s.Version},
		{Key: "pkgdesc", Value: s.Description},
		{Key: "url", Value: s.URL},
		{Key: "builddate", Value: nonZero(s.BuildTime)},
		{Key: "arch", Value: s.Arch},
		{Key: "origin", Value: origin},
		{Key: "maintainer", Value: s.Maintainer},
		{Key: "license", Value: s.License},
	}
	for _, r := range s.Replaces {
		info = append(info, apkfile.Pair{Key: "replaces", Value: r})
	}
	info = append(info,
		apkfile.Pair{Key: "replaces_priority", Value: nonZero(int64(s.ReplacesPriority))},
		apkfile.Pair{Key: "provider_priority", Value: nonZero(int64(s.ProviderPriority))},
		apkfile.Pair{Key: "install_if", Value: strings.Join(s.InstallIf, " ")},
		apkfile.Pair{Key: "triggers", Value: strings.Join(s.Triggers, " ")},
	)
	for _, p := range s.Provides {
		info = append(info, apkfile.Pair{Key: "provides", Value: p})
	}
	for _, d := range s.Depends {
		info = append(info, apkfile.Pair{Key: "depend", Value: d})
	}
	return slices.DeleteFunc(info, func(p apkfile.Pair) bool { return p.Value == "" }), nil
}

func nonZero(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// scriptKinds returns the scripts that apk knows.
func scriptKinds() []string {
	return []string{"pre-install", "post-install", "pre-deinstall", "post-deinstall", "pre-upgrade", "post-upgrade", "trigger"}
}

// Package returns what apkfile.Write writes.
func (s *Spec) Package(files []entries.File) (*apkfile.Package, error) {
	info, err := s.Info()
	if err != nil {
		return nil, err
	}
	p := &apkfile.Package{Info: info, ModTime: s.BuildTime}
	for kind, text := range s.Scripts {
		if !slices.Contains(scriptKinds(), kind) {
			return nil, fmt.Errorf("package %q: script is %q, want one of %s", s.Name, kind, strings.Join(scriptKinds(), ", "))
		}
		if p.Scripts == nil {
			p.Scripts = map[string][]byte{}
		}
		p.Scripts["."+kind] = []byte(text)
	}
	for i := range files {
		p.Entries = append(p.Entries, entry(&files[i]))
	}
	return p, nil
}

// entry returns the file as apkfile has it.
func entry(f *entries.File) apkfile.Entry {
	e := apkfile.Entry{
		Path: f.Path.String(), Mode: f.Header().FileInfo().Mode(), UID: f.UID, GID: f.GID, Uname: f.Uname, Gname: f.Gname,
		Link: f.Target, Xattrs: f.Xattrs, Size: f.Size,
	}
	if f.Type == tar.TypeReg {
		e.Open = f.Open
	}
	return e
}
