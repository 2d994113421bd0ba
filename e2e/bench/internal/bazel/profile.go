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
	Thread   int     `json:"tid"`
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

// Extension returns for how many seconds the module extensions of a file were evaluated.
func (p *Profile) Extension(file string) float64 {
	return p.seconds(func(e event) bool {
		return e.Category == "bazel module processing" && strings.Contains(e.Name, "evaluate module extension") && strings.Contains(e.Name, file)
	})
}

// Repository returns for how many seconds the repositories were made whose canonical names end in suffix.
func (p *Profile) Repository(suffix string) float64 {
	return p.seconds(func(e event) bool {
		return e.Category == "Starlark repository function call" && strings.HasSuffix(e.Name, suffix)
	})
}

func (p *Profile) seconds(of func(event) bool) float64 {
	var seconds float64
	for _, e := range p.events {
		if of(e) {
			seconds += e.Duration / 1e6
		}
	}
	return seconds
}

// Programs returns, by mnemonic, for how many seconds in all programs, or workers, worked on actions.
func (p *Profile) Programs() map[string]float64 {
	threads := map[int][]event{}
	for _, e := range p.events {
		if e.Category == "action processing" {
			threads[e.Thread] = append(threads[e.Thread], e)
		}
	}
	seconds := map[string]float64{}
	for _, e := range p.events {
		if e.Category != "waiting for response from worker" && e.Name != "subprocess.run" {
			continue
		}
		// What a thread does it does within the action that it works on.
		for _, action := range threads[e.Thread] {
			if action.Start <= e.Start && e.Start < action.Start+action.Duration {
				seconds[action.Args.Mnemonic] += e.Duration / 1e6
			}
		}
	}
	return seconds
}
