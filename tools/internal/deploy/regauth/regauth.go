// Package regauth finds credentials for registries where Docker and podman keep them, credential helpers included.
package regauth

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

// Source is a file with credentials, or its content: Docker's config.json and podman's auth.json have one format.
type Source struct {
	// Name is the file's path, or what else messages call it.
	Name string
	// Content stands in for the file, if it is not nil.
	Content []byte
}

// Keychain looks for credentials in sources, in their order; the first that knows the registry decides. Files that do
// not exist are passed over. Where no source knows it, the helper program that a cloud has for its registries is asked,
// if it is installed.
type Keychain struct {
	Sources []Source
	// Say, if set, is told of what is wrong in a source, but need not matter for this registry.
	Say func(format string, args ...any)
}

// Resolve returns the credentials for a repository or registry, or authn.Anonymous.
func (k Keychain) Resolve(target authn.Resource) (authn.Authenticator, error) {
	return k.ResolveContext(context.Background(), target)
}

// ResolveContext is Resolve with a context for helper programs.
func (k Keychain) ResolveContext(ctx context.Context, target authn.Resource) (authn.Authenticator, error) {
	for _, source := range k.Sources {
		config, err := k.lookUp(ctx, source, target)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", source.Name, err)
		}
		if config != nil {
			return authn.FromConfig(*config), nil
		}
	}
	if config := k.cloud(ctx, target.RegistryStr()); config != nil {
		return authn.FromConfig(*config), nil
	}
	return authn.Anonymous, nil
}

func (k Keychain) say(format string, args ...any) {
	if k.Say != nil {
		k.Say(format, args...)
	}
}

// lookUp returns nil where the source does not know the target. The most special knows best: an entry for a part of the
// registry, a helper for the registry, the helper for all, an entry for the registry.
func (k Keychain) lookUp(ctx context.Context, source Source, target authn.Resource) (*authn.AuthConfig, error) {
	data := source.Content
	if data == nil {
		var err error
		data, err = os.ReadFile(source.Name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
	}
	f, err := parse(data)
	if err != nil {
		return nil, err
	}
	parts, hosts := keys(target)
	if config, err := f.entry(parts); config != nil || err != nil {
		return config, err
	}
	for _, host := range hosts {
		if program := f.CredHelpers[host]; program != "" {
			config, err := ask(ctx, program, host)
			if config != nil || err != nil {
				return config, err
			}
		}
	}
	if f.CredsStore != "" {
		config, err := ask(ctx, f.CredsStore, hosts[0])
		if config != nil {
			return config, nil
		}
		// Without an entry of its own, this registry may have nothing to do with it.
		if err != nil {
			if own, _ := f.entry(hosts); own == nil && f.lists(hosts) {
				return nil, err
			}
			k.say("%s: credsStore: %v; going on without it", source.Name, err)
		}
	}
	return f.entry(hosts)
}

// keys are the names under which credentials for a target may be: those for a part of its registry, the longest first,
// such as registry/a/b and registry/a, and those for the registry.
func keys(target authn.Resource) (parts, hosts []string) {
	registry := target.RegistryStr()
	hosts = []string{registry}
	if registry == name.DefaultRegistry {
		// Docker's and podman's names for Docker Hub.
		hosts = []string{authn.DefaultAuthKey, registry, "docker.io"}
	}
	path, ok := strings.CutPrefix(target.String(), registry+"/")
	for ok && path != "" {
		for _, host := range hosts {
			if !strings.Contains(host, "://") {
				parts = append(parts, host+"/"+path)
			}
		}
		path = path[:max(strings.LastIndexByte(path, '/'), 0)]
	}
	return parts, hosts
}
