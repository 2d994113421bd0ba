package regauth

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
)

// file is what a config.json or auth.json says of credentials.
type file struct {
	Auths       map[string]json.RawMessage `json:"auths"`
	CredHelpers map[string]string          `json:"credHelpers"`
	CredsStore  string                     `json:"credsStore"`
}

// parse reads a file. What is wrong in one entry is no matter of the others.
func parse(data []byte) (*file, error) {
	f := &file{}
	if err := json.Unmarshal(data, f); err != nil {
		return nil, fmt.Errorf("is not as Docker writes it: %w", err)
	}
	return f, nil
}

// entry is the first entry that is under one of the keys and has credentials, or nil.
func (f *file) entry(keys []string) (*authn.AuthConfig, error) {
	for _, key := range keys {
		raw, ok := f.Auths[key]
		for other, value := range f.Auths {
			// Old versions wrote URLs.
			if !ok && host(other) == key {
				raw, ok = value, true
			}
		}
		if !ok {
			continue
		}
		config := &authn.AuthConfig{}
		if err := json.Unmarshal(raw, config); err != nil {
			// Its errors may have parts of the entry.
			return nil, fmt.Errorf("auths: the entry for %s cannot be read: want {\"auth\": …}, BASE64(USER:PASSWORD)", key)
		}
		if *config != (authn.AuthConfig{}) {
			return config, nil
		}
	}
	return nil, nil
}

// lists tells whether there is an entry under one of the keys, even one without credentials, as Docker writes it for
// those that its helper has.
func (f *file) lists(keys []string) bool {
	for _, key := range keys {
		for other := range f.Auths {
			if other == key || host(other) == key {
				return true
			}
		}
	}
	return false
}

// host is the host of a key that is a URL.
func host(key string) string {
	_, rest, ok := strings.Cut(key, "://")
	if !ok {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "/")
	return rest
}
