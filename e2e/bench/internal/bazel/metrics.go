package bazel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Metrics is what Bazel itself says of a build.
type Metrics struct {
	Executed map[string]int // actions that were executed, not found in a cache, by mnemonic
	Phases   Phases
}

// Phases are the parts of a build's wall time, in seconds.
type Phases struct {
	Wall, Analysis, Execution float64
}

// Build builds targets and returns what Bazel says of it.
func (w *Workspace) Build(ctx context.Context, args ...string) (*Call, *Metrics, error) {
	dir, err := os.MkdirTemp(filepath.Dir(w.Log), "metrics")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	events, spawns := filepath.Join(dir, "events.json"), filepath.Join(dir, "spawns.json")
	call, err := w.Run(ctx, "build", append([]string{"--build_event_json_file=" + events, "--execution_log_json_file=" + spawns}, args...)...)
	if err != nil {
		return nil, nil, err
	}
	m := &Metrics{Executed: map[string]int{}}
	if err := each(events, func(decode func(any) error) error { return m.event(decode) }); err != nil {
		return nil, nil, err
	}
	if err := each(spawns, func(decode func(any) error) error { return m.spawn(decode) }); err != nil {
		return nil, nil, err
	}
	return call, m, nil
}

// each hands on the JSON documents of a file, one after another.
func each(path string, one func(decode func(any) error) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for decoder := json.NewDecoder(f); ; {
		if err := one(decoder.Decode); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
	}
}

func (m *Metrics) event(decode func(any) error) error {
	var event struct {
		BuildMetrics *struct {
			TimingMetrics struct {
				WallTimeInMs, AnalysisPhaseTimeInMs, ExecutionPhaseTimeInMs float64 `json:",string"`
			}
		}
	}
	if err := decode(&event); err != nil {
		return err
	}
	if event.BuildMetrics != nil {
		t := event.BuildMetrics.TimingMetrics
		m.Phases = Phases{Wall: t.WallTimeInMs / 1000, Analysis: t.AnalysisPhaseTimeInMs / 1000, Execution: t.ExecutionPhaseTimeInMs / 1000}
	}
	return nil
}

func (m *Metrics) spawn(decode func(any) error) error {
	var spawn struct {
		Mnemonic string
		CacheHit bool
	}
	if err := decode(&spawn); err != nil {
		return err
	}
	if !spawn.CacheHit {
		m.Executed[spawn.Mnemonic]++
	}
	return nil
}
