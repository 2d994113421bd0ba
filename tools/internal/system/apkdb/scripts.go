package apkdb

import (
	"archive/tar"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
)

// ScriptNames returns the names under which a package's control section holds scripts, in the order in which apk keeps
// them.
func ScriptNames() []string {
	return []string{
		".pre-install", ".post-install", ".pre-deinstall", ".post-deinstall", ".pre-upgrade", ".post-upgrade", ".trigger",
	}
}

// WriteScripts writes `scripts.tar`: the scripts of all packages, which apk runs when it changes or removes them.
// Packages are in install order; each file's time is its package's build time.
func WriteScripts(w io.Writer, packages []*apkfacts.Facts) error {
	out := tar.NewWriter(w)
	for _, p := range packages {
		built, err := p.Int("builddate")
		if err != nil {
			return fmt.Errorf("database: package %s: %w", p, err)
		}
		for _, name := range ScriptNames() {
			text, ok := p.Scripts[name]
			if !ok {
				continue
			}
			err := out.WriteHeader(&tar.Header{
				Typeflag: tar.TypeReg,
				Name:     p.String() + "." + p.Checksum + name,
				Mode:     0o755,
				Uname:    "root",
				Gname:    "root",
				Size:     int64(len(text)),
				ModTime:  time.Unix(built, 0),
			})
			if err != nil {
				return fmt.Errorf("database: scripts of %s: %w", p, err)
			}
			if _, err := io.WriteString(out, text); err != nil {
				return fmt.Errorf("database: scripts of %s: %w", p, err)
			}
		}
	}
	return out.Close()
}

// Triggers returns the content of `triggers`: which package's trigger runs when one of its directories changes.
func Triggers(packages []*apkfacts.Facts) ([]byte, error) {
	var lines []string
	for _, p := range packages {
		if dirs := p.List("triggers"); len(dirs) > 0 {
			lines = append(lines, p.Checksum+" "+strings.Join(dirs, " "))
		}
	}
	return Lines(lines)
}
