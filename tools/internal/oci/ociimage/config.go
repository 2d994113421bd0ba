package ociimage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// ParseConfig reads the JSON of a `config` object of an image, in the OCI spelling ("Entrypoint", "Env", ...).
// Unknown fields and malformed variables are errors.
func ParseConfig(data []byte) (v1.Config, error) {
	var c v1.Config
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return c, fmt.Errorf("image config: %w", err)
	}
	for _, e := range c.Env {
		if name, _, ok := strings.Cut(e, "="); !ok || name == "" {
			return c, fmt.Errorf("image config: variable is %q, want NAME=VALUE", e)
		}
	}
	return c, nil
}

// mergeConfig puts over upon base as building one image on another does: variables, labels, ports and volumes are joined,
// anything else that over sets replaces what base has. An entrypoint drops the base's command, which was made for the
// base's entrypoint.
func mergeConfig(base, over v1.Config) v1.Config {
	if len(over.Entrypoint) > 0 {
		base.Entrypoint, base.Cmd = over.Entrypoint, nil
	}
	if len(over.Cmd) > 0 {
		base.Cmd = over.Cmd
	}
	base.Env = mergeEnv(base.Env, over.Env)
	base.Labels = mergeMap(base.Labels, over.Labels)
	base.ExposedPorts = mergeMap(base.ExposedPorts, over.ExposedPorts)
	base.Volumes = mergeMap(base.Volumes, over.Volumes)
	replace(&base.WorkingDir, over.WorkingDir)
	replace(&base.User, over.User)
	replace(&base.StopSignal, over.StopSignal)
	replace(&base.Hostname, over.Hostname)
	replace(&base.Domainname, over.Domainname)
	if len(over.Shell) > 0 {
		base.Shell = over.Shell
	}
	if over.Healthcheck != nil {
		base.Healthcheck = over.Healthcheck
	}
	return base
}

// MergeFragment puts a piece of config that a tool worked out over the one that the user wrote.
func MergeFragment(config, fragment v1.Config) v1.Config { return mergeConfig(config, fragment) }

func replace(dst *string, src string) {
	if src != "" {
		*dst = src
	}
}

// expandEnv puts the values of base's variables into those of env. A variable that base lacks is an error: an image would
// otherwise come out with, for example, half a PATH.
func expandEnv(env, base []string) ([]string, error) {
	values := map[string]string{"$": "$"}
	for _, e := range base {
		name, value, _ := strings.Cut(e, "=")
		values[name] = value
	}
	var out []string
	for _, e := range env {
		variable, text, _ := strings.Cut(e, "=")
		missing := ""
		text = os.Expand(text, func(name string) string {
			value, ok := values[name]
			if !ok {
				missing = name
			}
			return value
		})
		if missing != "" {
			return nil, fmt.Errorf("env %s: got %q, but the base has no variable %s; for a dollar sign write $$", variable, e, missing)
		}
		out = append(out, variable+"="+text)
	}
	return out, nil
}

// mergeEnv keeps the order of first mention; a later value takes the place of an earlier one.
func mergeEnv(base, over []string) []string {
	var out []string
	at := map[string]int{}
	for _, e := range append(append([]string{}, base...), over...) {
		name, _, _ := strings.Cut(e, "=")
		if i, ok := at[name]; ok {
			out[i] = e
			continue
		}
		at[name] = len(out)
		out = append(out, e)
	}
	return out
}

func mergeMap[V any](base, over map[string]V) map[string]V {
	if len(over) == 0 {
		return base
	}
	out := maps.Clone(base)
	if out == nil {
		out = map[string]V{}
	}
	maps.Copy(out, over)
	return out
}
