// Package imagetest compares an image with what is expected of it: its config, files, packages and size. It needs no
// container runtime.
package imagetest

import (
	"archive/tar"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/system/passwd"
)

// Expectation is what an image has to be like. What is empty is not looked at. Its JSON is the member "expect" of a
// test's spec (docs/formats.md, "Image test").
type Expectation struct {
	Entrypoint []string          `json:"entrypoint"`
	Cmd        []string          `json:"cmd"`
	Env        map[string]string `json:"env"`
	Labels     map[string]string `json:"labels"`
	User       string            `json:"user"`
	WorkingDir string            `json:"workdir"`
	Platform   string            `json:"platform"`
	// Files are paths that the image has; Absent are those that it has not.
	Files  []string `json:"files"`
	Absent []string `json:"absent"`
	// Modes are octal, by path. Owners are uid:gid, Links the targets of symbolic links.
	Modes  map[string]string `json:"modes"`
	Owners map[string]string `json:"owners"`
	Links  map[string]string `json:"links"`
	// Packages are versions, or empty for any, of packages in apk's database.
	Packages map[string]string `json:"packages"`
	// Users are uid:gid, or empty for any, by name, of /etc/passwd.
	Users map[string]string `json:"users"`
	// MaxLayers and MaxSize are limits, of the number of layers and of their compressed bytes together.
	MaxLayers int   `json:"max_layers"`
	MaxSize   int64 `json:"max_size"`
	// Forbid names what the image must not have: "setuid", "shell".
	Forbid []string `json:"forbid"`
}

// Image is what is tested, its layers the lowest first.
type Image struct {
	Manifest v1.Manifest
	Config   v1.ConfigFile
	Layers   []Layer
}

// Layer is what is in a layer: the bytes of it, or a list that was made of them before. One of the two is set.
type Layer struct {
	// Open gives the layer's tar, compressed or not.
	Open func() (io.ReadCloser, error)
	// Entries are those of a package's facts, in the order of the archive.
	Entries []apkfacts.Entry
}

// Check returns what differs from the expectation, a line each, in a fixed order.
func (e *Expectation) Check(image *Image) ([]string, error) {
	files := newTree()
	for i, layer := range image.Layers {
		if err := layer.addTo(files); err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
	}
	var found problems
	e.checkConfig(image, &found)
	e.checkSize(image, &found)
	e.checkFiles(files, &found)
	e.checkPackages(files, &found)
	e.checkUsers(files, &found)
	err := e.checkForbidden(files, &found)
	return found, err
}

func (l Layer) addTo(files *tree) error {
	if l.Open == nil {
		return files.addEntries(l.Entries)
	}
	r, err := l.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	return files.add(r)
}

type problems []string

func (p *problems) add(format string, args ...any) { *p = append(*p, fmt.Sprintf(format, args...)) }

func (p *problems) compare(subject, got, want string) {
	if want != "" && got != want {
		p.add("%s is %q, want %q", subject, got, want)
	}
}

func (e *Expectation) checkConfig(image *Image, found *problems) {
	config := image.Config.Config
	if len(e.Entrypoint) > 0 && !slices.Equal(config.Entrypoint, e.Entrypoint) {
		found.add("entrypoint is %q, want %q", config.Entrypoint, e.Entrypoint)
	}
	if len(e.Cmd) > 0 && !slices.Equal(config.Cmd, e.Cmd) {
		found.add("cmd is %q, want %q", config.Cmd, e.Cmd)
	}
	env := map[string]string{}
	for _, variable := range config.Env {
		name, value, _ := strings.Cut(variable, "=")
		env[name] = value
	}
	members(found, "env", env, e.Env)
	members(found, "label", config.Labels, e.Labels)
	found.compare("user", config.User, e.User)
	found.compare("workdir", config.WorkingDir, e.WorkingDir)
	found.compare("platform", path.Join(image.Config.OS, image.Config.Architecture, image.Config.Variant), e.Platform)
}

func members(found *problems, kind string, got, want map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if value, ok := got[name]; !ok {
			found.add("%s %s is not there, want %q", kind, name, want[name])
		} else if value != want[name] {
			found.add("%s %s is %q, want %q", kind, name, value, want[name])
		}
	}
}

func (e *Expectation) checkSize(image *Image, found *problems) {
	if n := len(image.Manifest.Layers); e.MaxLayers > 0 && n > e.MaxLayers {
		found.add("it has %d layers, want at most %d", n, e.MaxLayers)
	}
	var size int64
	for _, layer := range image.Manifest.Layers {
		size += layer.Size
	}
	if e.MaxSize > 0 && size > e.MaxSize {
		found.add("its layers have %d bytes, want at most %d", size, e.MaxSize)
	}
}

func (e *Expectation) checkFiles(files *tree, found *problems) {
	for _, name := range e.Files {
		if files.find(name) == nil {
			found.add("%s is not there", name)
		}
	}
	for _, name := range e.Absent {
		if files.find(name) != nil {
			found.add("%s is there, want it absent", name)
		}
	}
	for _, check := range []struct {
		kind string
		want map[string]string
		get  func(*tar.Header) string
	}{
		{"mode", e.Modes, func(h *tar.Header) string { return fmt.Sprintf("%04o", h.Mode&0o7777) }},
		{"owner", e.Owners, owner},
		{"link", e.Links, func(h *tar.Header) string { return h.Linkname }},
	} {
		for _, name := range slices.Sorted(maps.Keys(check.want)) {
			h := files.find(name)
			if h == nil {
				found.add("%s is not there, want %s %s", name, check.kind, check.want[name])
				continue
			}
			found.compare(name+": "+check.kind, check.get(h), check.want[name])
		}
	}
}

func (e *Expectation) checkPackages(files *tree, found *problems) {
	for _, name := range slices.Sorted(maps.Keys(e.Packages)) {
		version, ok := files.packages[name]
		if !ok {
			found.add("package %s is not installed", name)
			continue
		}
		found.compare("package "+name, version, e.Packages[name])
	}
}

func (e *Expectation) checkUsers(files *tree, found *problems) {
	for _, name := range slices.Sorted(maps.Keys(e.Users)) {
		var user passwd.User
		ok := files.accounts != nil && files.find("/etc/passwd") != nil
		if ok {
			user, ok = files.accounts.User(name)
		}
		if !ok {
			found.add("/etc/passwd has no user %s", name)
			continue
		}
		found.compare("user "+name, fmt.Sprintf("%d:%d", user.UID, user.GID), e.Users[name])
	}
}

// checkForbidden looks for kinds of files that the image must not have.
func (e *Expectation) checkForbidden(files *tree, found *problems) error {
	forbidden := map[string]func(string, *tar.Header) bool{
		"setuid": func(_ string, h *tar.Header) bool { return h.Typeflag == tar.TypeReg && h.Mode&0o6000 != 0 },
		"shell":  isShell,
	}
	for _, kind := range e.Forbid {
		is, ok := forbidden[kind]
		if !ok {
			return fmt.Errorf("forbid has %q, want one of setuid, shell", kind)
		}
		for _, name := range slices.Sorted(maps.Keys(files.files)) {
			if is(name, files.files[name]) {
				found.add("/%s is there, want no %s", name, kind)
			}
		}
	}
	return nil
}

func isShell(name string, h *tar.Header) bool {
	shells := []string{"ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "mksh", "sh", "tcsh", "zsh"}
	dir, base := path.Split(name)
	return h.Typeflag != tar.TypeDir && strings.HasSuffix(dir, "bin/") && slices.Contains(shells, base)
}
