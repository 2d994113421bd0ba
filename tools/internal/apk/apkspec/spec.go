// Package apkspec turns the description of a package that is built here into the package.
package apkspec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkversion"
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
	Commit           string   `json:"commit"`
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

// Entry is one path of the package. Link makes it a symlink, else File a file, else it is a directory.
type Entry struct {
	Path  string `json:"path"` // "/usr/bin/hello"; the slash in front may be left out
	Mode  string `json:"mode"` // in octal; "0644" for a file and "0755" for a directory if empty
	UID   int    `json:"uid"`
	GID   int    `json:"gid"`
	Uname string `json:"uname"` // "root" if empty and uid is 0
	Gname string `json:"gname"`
	Link  string `json:"link"`
	// Xattrs are extended attributes: names such as "security.capability", values in base64.
	Xattrs map[string][]byte `json:"xattrs"`
	// File is set by --file, not in the JSON: the file with the content.
	File string `json:"-"`
}

// ParseEntry reads one entry's JSON; unknown fields are errors.
func ParseEntry(data []byte) (*Entry, error) {
	var e Entry
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil {
		return nil, fmt.Errorf("entry: %w", err)
	}
	return &e, nil
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
		{Key: "commit", Value: s.Commit},
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
func (s *Spec) Package(entries []*Entry) (*apkfile.Package, error) {
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
	for _, e := range entries {
		converted, err := e.convert()
		if err != nil {
			return nil, fmt.Errorf("package %q: %s: %w", s.Name, e.Path, err)
		}
		p.Entries = append(p.Entries, converted...)
	}
	return p, nil
}

func parseMode(s string, byDefault fs.FileMode) (fs.FileMode, error) {
	if s == "" {
		return byDefault, nil
	}
	n, err := strconv.ParseUint(s, 8, 12)
	if err != nil {
		return 0, fmt.Errorf("mode is %q, want octal digits up to 7777", s)
	}
	mode := fs.FileMode(n & 0o777)
	for bit, flag := range map[uint64]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if n&bit != 0 {
			mode |= flag
		}
	}
	return mode, nil
}
