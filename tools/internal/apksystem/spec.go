package apksystem

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/rules-apk/rules_apk/tools/internal/apkfacts"
)

// Spec is what an image asks of its system layer, beyond its packages. docs/formats.md specifies its JSON.
type Spec struct {
	// Arch is apk's name of the architecture.
	Arch string `json:"arch"`
	// World are the constraints that the user asked for, not their closure.
	World []string `json:"world"`
	// Repositories are the lines of etc/apk/repositories; without any the packages' own file stays.
	Repositories []string `json:"repositories,omitempty"`
}

// ParseSpec reads a spec's JSON; unknown fields are errors.
func ParseSpec(data []byte) (*Spec, error) {
	var s Spec
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return nil, fmt.Errorf("spec of the system layer: %w", err)
	}
	if s.Arch == "" {
		return nil, fmt.Errorf("spec of the system layer: arch is missing")
	}
	return &s, nil
}

// Report tells what the system layer did, for people and for other tools. docs/formats.md specifies its JSON.
type Report struct {
	Packages []ReportPackage `json:"packages"`
	// Hidden are names at the root that the packages' archives have and the system layer hides.
	Hidden []string `json:"hidden,omitempty"`
	// Directories are those on whose owner or mode packages disagree, as they are in the image.
	Directories []apkfacts.Entry `json:"directories,omitempty"`
}

// ReportPackage is one package of the image, in install order.
type ReportPackage struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}
