// Package advisory reads the security databases of Alpine and Wolfi (https://secdb.alpinelinux.org): which version of a
// source package fixes what.
package advisory

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

type database struct {
	Packages []struct {
		Pkg struct {
			Name string `json:"name"`
			// Secfixes has the identifiers by the version that fixes them; version "0" was never vulnerable.
			Secfixes map[string][]string `json:"secfixes"`
		} `json:"pkg"`
	} `json:"packages"`
}

// Vulnerable returns what versions of which source packages have one of the vulnerabilities, as constraints such as
// "openssl<3.3.2-r0", sorted. Each identifier must be in the database.
func Vulnerable(data []byte, identifiers []string) ([]string, error) {
	var d database
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, fmt.Errorf("%w; want a security database, such as https://secdb.alpinelinux.org/v3.19/main.json", err)
	}
	if len(d.Packages) == 0 {
		return nil, fmt.Errorf("it has no packages; want a security database, such as https://secdb.alpinelinux.org/v3.19/main.json")
	}
	var constraints []string
	for _, identifier := range identifiers {
		found := false
		for _, p := range d.Packages {
			for version, fixed := range p.Pkg.Secfixes {
				if !slices.ContainsFunc(fixed, func(entry string) bool { return slices.Contains(strings.Fields(entry), identifier) }) {
					continue
				}
				found = true
				if version != "0" {
					constraints = append(constraints, p.Pkg.Name+"<"+version)
				}
			}
		}
		if !found {
			return nil, fmt.Errorf("%q is not in it; want an identifier such as CVE-2024-6119", identifier)
		}
	}
	slices.Sort(constraints)
	return slices.Compact(constraints), nil
}
