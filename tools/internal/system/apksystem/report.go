package apksystem

import (
	"fmt"
	"slices"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
	"github.com/rules-apk/rules_apk/tools/internal/jsondoc"
)

// Report tells what the system layer did, for people and for other tools. docs/formats.md specifies its JSON.
type Report struct {
	Packages []ReportPackage `json:"packages"`
	// Scripts are those that would have done something which is not in the image.
	Scripts []ReportScript `json:"scripts,omitempty"`
	// Normalised are the packages that cannot be layers as they are, and why.
	Normalised []ReportNormalised `json:"normalised,omitempty"`
	// Hidden are names at the root that the packages' archives have and the system layer hides.
	Hidden []imagepath.Path `json:"hidden,omitempty"`
	// Directories are those on whose owner or mode packages disagree, as they are in the image.
	Directories []apkfacts.Entry `json:"directories,omitempty"`
	// Owners are files that are an account's by name, but by number another's or nobody's: their bytes are not at hand,
	// so that they stay as they are.
	Owners []ReportOwner `json:"owners,omitempty"`
	// User is "uid:gid" of the image's processes, if the accounts' run_as says.
	User string `json:"user,omitempty"`
}

// ReportPackage is one package of the image, in install order.
type ReportPackage struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// ReportNormalised is a package that is rewritten.
type ReportNormalised struct {
	Package string `json:"package"`
	Why     string `json:"why"`
}

// ReportOwner is a file that is not whose it should be: of the account with those numbers.
type ReportOwner struct {
	Package string         `json:"package"`
	Path    imagepath.Path `json:"path"`
	UID     int            `json:"uid"`
	GID     int            `json:"gid"`
}

// ReportScript is a script that is not covered.
type ReportScript struct {
	Package string `json:"package"`
	Script  string `json:"script"` // ".post-install", ...
	// Rest are the statements that nothing was done for, a line each.
	Rest         []string `json:"rest"`
	Acknowledged bool     `json:"acknowledged,omitempty"`
}

// JSON returns the report, indented, with its line end.
func (r *Report) JSON() ([]byte, error) {
	data, err := jsondoc.Lines(r, " ")
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return data, nil
}

// Warnings returns what the user should see at build time: one line for each package whose scripts are neither covered
// nor acknowledged.
func (r *Report) Warnings() []string {
	var out, seen []string
	for _, s := range r.Scripts {
		if s.Acknowledged || slices.Contains(seen, s.Package) {
			continue
		}
		seen = append(seen, s.Package)
		out = append(out, fmt.Sprintf("package %s: its %s is not run, and does something that is not in the image: %s; "+
			"if the image does not need it, say so: scripts = [%q]", s.Package, s.Script, s.Rest[0], s.Package))
	}
	for _, o := range r.Owners {
		out = append(out, fmt.Sprintf("package %s: its %s should be owned by %d:%d, the account that the package names, but has the numbers of "+
			"where it was built; give it to that account: apk_path.permissions(%q, user = \"%d\", group = \"%d\")",
			o.Package, o.Path, o.UID, o.GID, o.Path.Absolute(), o.UID, o.GID))
	}
	return out
}
