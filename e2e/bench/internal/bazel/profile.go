package bazel

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Profile is what the profile of the last call says.
type Profile struct {
	events []event
}

type event struct {
	Category string `json:"cat"`
	Name     string
	Start    float64 `json:"ts"`  // microseconds
	Duration float64 `json:"dur"` // microseconds
	Args     struct{ Mnemonic string }
}

// Profile reads the profile that Bazel leaves of every build.
func (w *Workspace) Profile() (*Profile, error) {
	path := filepath.Join(w.Base, "command.profile.gz")
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	var document struct{ TraceEvents []event }
	if err := json.NewDecoder(z).Decode(&document); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return &Profile{document.TraceEvents}, nil
}

// Named returns for how many seconds in all events whose category is category,
// and whose name contains name, lasted.
func (p *Profile) Named(category, name string) float64 {
	var seconds float64
	for _, e := range p.events {
		if e.Category == category && strings.Contains(e.Name, name) {
			seconds += e.Duration / 1e6
		}
	}
	return seconds
}
