// Package usrmerge moves paths to where they lie on a system with a merged /usr: packages of Debian 12 ship files below
// both /lib and /usr/lib, of which the former is a link to the latter on every system of that release.
package usrmerge

import (
	"path"
	"strings"
)

// Links are the links at the root, in order, of a system of a Debian architecture, each to "usr/" and its own name.
func Links(arch string) []string {
	if arch == "amd64" {
		return []string{"bin", "lib", "lib64", "sbin"}
	}
	return []string{"bin", "lib", "sbin"}
}

// Path returns where a path lies, given and returned relative to the root.
func Path(name string) string {
	first, _, _ := strings.Cut(name, "/")
	switch first {
	case "bin", "sbin", "lib", "lib32", "lib64", "libx32":
		return "usr/" + name
	}
	return name
}

// Target returns the target of a symbolic link that was shipped as name, with target, so that it still leads to the
// same file once the link and the file have moved. Absolute targets lead there through the links at the root.
func Target(name, target string) string {
	if path.IsAbs(target) || path.Dir(name) == path.Dir(Path(name)) {
		return target
	}
	file := Path(strings.TrimPrefix(path.Join("/", path.Dir(name), target), "/"))
	return relative(path.Dir(Path(name)), file)
}

// relative is the path from the folder dir to file, both relative to the root.
func relative(dir, file string) string {
	from, to := strings.Split(dir, "/"), strings.Split(file, "/")
	for len(from) > 0 && len(to) > 1 && from[0] == to[0] {
		from, to = from[1:], to[1:]
	}
	return strings.Repeat("../", len(from)) + strings.Join(to, "/")
}
