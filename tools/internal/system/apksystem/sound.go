package apksystem

import (
	"fmt"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
)

// provider is a package under one of the names that it goes by, with the version that it has under that name.
type provider struct {
	facts   *apkfacts.Facts
	version string
}

// CheckSound says whether apk would take the packages for a consistent system: every dependency met, no conflict, every
// name that is provided with a version provided once, the world satisfied. The error names the packages.
func CheckSound(world []string, packages []*apkfacts.Facts) error {
	providers := map[string][]provider{}
	for _, f := range packages {
		if other := providers[f.Name]; len(other) > 0 && other[0].facts.Name == f.Name {
			return fmt.Errorf("package %s: it is there twice, also as %s", f, other[0].facts)
		}
		providers[f.Name] = append([]provider{{f, f.Version}}, providers[f.Name]...)
		for _, s := range f.List("provides") {
			name, version, _ := strings.Cut(s, "=")
			providers[name] = append(providers[name], provider{f, version})
		}
	}
	for _, f := range packages {
		if err := checkVersionedProvides(f, providers); err != nil {
			return err
		}
		for _, s := range f.List("depend") {
			if err := checkConstraint(s, "package "+f.String(), f, providers); err != nil {
				return err
			}
		}
	}
	for _, s := range world {
		if err := checkConstraint(s, "the image", nil, providers); err != nil {
			return err
		}
	}
	return nil
}

// checkVersionedProvides refuses a second package under a name that stands for one package.
func checkVersionedProvides(f *apkfacts.Facts, providers map[string][]provider) error {
	for _, s := range append([]string{f.Name + "=" + f.Version}, f.List("provides")...) {
		name, version, _ := strings.Cut(s, "=")
		if version == "" {
			continue
		}
		for _, p := range providers[name] {
			if p.facts != f && p.version != "" {
				return fmt.Errorf("packages %s and %s both provide %s, and only one may; leave one of them out", f, p.facts, name)
			}
		}
	}
	return nil
}

func checkConstraint(s, subject string, self *apkfacts.Facts, providers map[string][]provider) error {
	c, err := apkconstraint.Parse(s)
	if err != nil {
		return fmt.Errorf("%s: %w", subject, err)
	}
	var found []string
	for _, p := range providers[c.Name] {
		matches := c.Matches(p.version)
		if c.Op == "><" {
			matches = c.MatchesChecksum(p.facts.Checksum)
		}
		switch {
		case matches && c.Conflict && p.facts != self:
			return fmt.Errorf("%s conflicts with package %s (%s); leave one of them out", subject, p.facts, s)
		case matches:
			return nil
		}
		found = append(found, p.facts.String())
	}
	switch {
	case c.Conflict:
		return nil
	case len(found) > 0:
		return fmt.Errorf("%s needs %s, but of that name the image has %s; lock again", subject, s, strings.Join(found, ", "))
	}
	return fmt.Errorf("%s needs %s, which no package of the image provides; add one, or lock again", subject, s)
}
