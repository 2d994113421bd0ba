package apksystem

import (
	"fmt"

	"github.com/rules-apk/rules_apk/tools/internal/jsondoc"
)

// Spec is what an image asks of its system layer, beyond its packages. docs/formats.md specifies its JSON.
type Spec struct {
	// Arch is apk's name of the architecture.
	Arch string `json:"arch"`
	// World are the constraints that the user asked for, not their closure.
	World []string `json:"world"`
	// Repositories are the lines of etc/apk/repositories; without any the packages' own file stays.
	Repositories []string `json:"repositories,omitempty"`
	Accounts     Accounts `json:"accounts"`
	// Scripts has the names of the packages whose scripts need no warning.
	Scripts []string `json:"scripts,omitempty"`
	// Exclude are patterns of paths that the image does not have, see apktree.NewExclusion.
	Exclude []string `json:"exclude,omitempty"`
	// Layers are the names of the packages in each layer, the lowest first. Absent, each package is a layer, in install
	// order. The packages of a layer with several are merged, by `ocibuild merge`.
	Layers [][]string `json:"layers,omitempty"`
	// Normalised are the packages whose layers `ocibuild merge` makes although nothing else is in them, with the
	// reason.
	Normalised map[string]string `json:"normalised,omitempty"`
	// Paths, Keys and Certificates are not in the JSON, because they may come from files.
	Paths []Path `json:"-"`
	// Keys go to etc/apk/keys.
	Keys []Named `json:"-"`
	// Certificates are PEM files whose certificates programs in the image shall trust.
	Certificates []Named `json:"-"`
	// Files are the package files, by the packages' names. They are read only where Paths change the permissions of a
	// package's file or add a name to it: then the layer needs its bytes.
	Files map[string]string `json:"-"`
}

// ParseSpec reads a spec's JSON; unknown fields are errors.
func ParseSpec(data []byte) (*Spec, error) {
	var s Spec
	if err := jsondoc.Parse(data, &s); err != nil {
		return nil, fmt.Errorf("spec of the system layer: %w", err)
	}
	if s.Arch == "" {
		return nil, fmt.Errorf("spec of the system layer: arch is missing")
	}
	return &s, nil
}
