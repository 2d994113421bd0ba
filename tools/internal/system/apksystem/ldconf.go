package apksystem

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// Limits on etc/ld.so.conf and what it includes. Each file is read once, whoever includes it.
const (
	maxIncludes = 100 // include lines
	maxPattern  = 256 // bytes of the pattern of one
)

// ldConf reads etc/ld.so.conf.
type ldConf struct {
	*builder
	paths    []imagepath.Path // of all files, sorted; nil until one is needed
	read     map[imagepath.Path]bool
	includes int
	dirs     []string
}

// libraryDirs returns the directories of etc/ld.so.conf and then the system's, as absolute names.
func (b *builder) libraryDirs() ([]string, error) {
	c := &ldConf{builder: b, read: map[imagepath.Path]bool{}}
	if err := c.file(imagepath.Must("etc/ld.so.conf")); err != nil {
		return nil, fmt.Errorf("ld.so.cache: %w", err)
	}
	return append(c.dirs, "/lib", "/lib64", "/usr/lib", "/usr/lib64"), nil
}

func (c *ldConf) file(name imagepath.Path) error {
	at, err := c.tree.ResolveAll(name)
	if err != nil {
		return err
	}
	n := c.tree.Node(at)
	if c.read[at] || n == nil || n.Entry == nil || n.Entry.Type != apkfacts.File {
		return nil
	}
	c.read[at] = true
	if n.Entry.Size != int64(len(n.Entry.Content)) {
		return fmt.Errorf("%s: only etc/ld.so.conf and what is in etc/ld.so.conf.d is known", name)
	}
	for line := range strings.Lines(string(n.Entry.Content)) {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if pattern, include := strings.CutPrefix(line, "include "); include {
			if err := c.include(name, strings.TrimSpace(pattern)); err != nil {
				return err
			}
		} else if strings.HasPrefix(line, "/") {
			c.dirs = append(c.dirs, path.Clean(line))
		}
	}
	return nil
}

// include reads the files that an include line's pattern matches, in the order of their names.
func (c *ldConf) include(from imagepath.Path, pattern string) error {
	if c.includes++; c.includes > maxIncludes {
		return fmt.Errorf("%s: there are more than %d include lines, the limit", from, maxIncludes)
	}
	if len(pattern) > maxPattern {
		return fmt.Errorf("%s: an include line's pattern has %d bytes, the limit is %d", from, len(pattern), maxPattern)
	}
	if !path.IsAbs(pattern) {
		pattern = path.Join(from.Parent().Absolute(), pattern)
	}
	for _, p := range c.allPaths() {
		if ok, err := path.Match(pattern, p.Absolute()); err == nil && ok {
			if err := c.file(p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *ldConf) allPaths() []imagepath.Path {
	if c.paths == nil {
		for _, p := range c.tree.Packages {
			for _, d := range p.Dirs {
				for _, e := range d.Files {
					c.paths = append(c.paths, e.Path)
				}
			}
		}
		slices.SortFunc(c.paths, imagepath.Path.Compare)
		c.paths = slices.Compact(c.paths)
	}
	return c.paths
}
