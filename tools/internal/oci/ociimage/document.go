package ociimage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/verified"
)

// configFile is v1.ConfigFile as it is written: what was made at no known time says none, and members of the base's
// `config` object that v1.Config does not know are kept.
type configFile struct {
	Architecture  string          `json:"architecture"`
	Author        string          `json:"author,omitempty"`
	Container     string          `json:"container,omitempty"`
	Created       *v1.Time        `json:"created,omitempty"`
	DockerVersion string          `json:"docker_version,omitempty"`
	History       []history       `json:"history,omitempty"`
	OS            string          `json:"os"`
	RootFS        v1.RootFS       `json:"rootfs"`
	Config        json.RawMessage `json:"config"`
	OSVersion     string          `json:"os.version,omitempty"`
	Variant       string          `json:"variant,omitempty"`
	OSFeatures    []string        `json:"os.features,omitempty"`
}

// history is v1.History as it is written.
type history struct {
	Author     string   `json:"author,omitempty"`
	Created    *v1.Time `json:"created,omitempty"`
	CreatedBy  string   `json:"created_by,omitempty"`
	Comment    string   `json:"comment,omitempty"`
	EmptyLayer bool     `json:"empty_layer,omitempty"`
}

// encodeConfig writes a config. unknown are more members of its `config` object.
func encodeConfig(c *v1.ConfigFile, unknown map[string]json.RawMessage) ([]byte, error) {
	inner, err := canonical(c.Config)
	if err != nil {
		return nil, err
	}
	out := configFile{
		Architecture: c.Architecture, Author: c.Author, Container: c.Container, Created: known(c.Created),
		DockerVersion: c.DockerVersion, OS: c.OS, RootFS: c.RootFS, Config: withMembers(inner, unknown),
		OSVersion: c.OSVersion, Variant: c.Variant, OSFeatures: c.OSFeatures,
	}
	for _, h := range c.History {
		out.History = append(out.History, history{h.Author, known(h.Created), h.CreatedBy, h.Comment, h.EmptyLayer})
	}
	return canonical(out)
}

func known(t v1.Time) *v1.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// withMembers appends members to a JSON object, sorted by name.
func withMembers(object []byte, members map[string]json.RawMessage) []byte {
	body := bytes.TrimSuffix(bytes.TrimSpace(object), []byte("}"))
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if len(body) > 1 {
			body = append(body, ',')
		}
		key, _ := json.Marshal(name) // a string always can be
		body = append(append(append(body, key...), ':'), members[name]...)
	}
	return append(body, '}')
}

// unknownMembers returns the members of the `config` object of a config that v1.Config does not know.
func unknownMembers(config verified.Bytes) (map[string]json.RawMessage, error) {
	var file struct {
		Config map[string]json.RawMessage `json:"config"`
	}
	if err := json.NewDecoder(config.Reader()).Decode(&file); err != nil {
		return nil, fmt.Errorf("image config: %w", err)
	}
	for _, name := range memberNames(reflect.TypeFor[v1.Config]()) {
		for member := range file.Config {
			if strings.EqualFold(member, name) { // as encoding/json matches them
				delete(file.Config, member)
			}
		}
	}
	return file.Config, nil
}

// memberNames returns what the fields of a struct are called in JSON.
func memberNames(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "" {
			name = t.Field(i).Name
		}
		names = append(names, name)
	}
	return names
}
