// Package regauth finds credentials for registries where Docker and podman
// keep them, credential helpers included.
package regauth

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

// Keychain looks for credentials in files, in their order: Docker's
// config.json and podman's auth.json have one format. Files that do not exist
// are passed over; the first that knows the registry decides.
type Keychain struct{ Files []string }

// Resolve returns the credentials for a repository or registry, or
// authn.Anonymous. In auth.json an entry may be for a part of a registry: the
// longest one that fits is used.
func (k Keychain) Resolve(target authn.Resource) (authn.Authenticator, error) {
	for _, path := range k.Files {
		auth, err := lookUp(path, keys(target))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if auth != authn.Anonymous {
			return auth, nil
		}
	}
	return authn.Anonymous, nil
}

// keys are the names under which credentials for a target may be, the most
// special first: registry/a/b, registry/a, registry.
func keys(target authn.Resource) []string {
	var list []string
	for key := target.String(); key != target.RegistryStr(); {
		list = append(list, key)
		i := strings.LastIndexByte(key, '/')
		if i < 0 {
			break
		}
		key = key[:i]
	}
	if target.RegistryStr() == name.DefaultRegistry {
		// Docker's and podman's names for Docker Hub.
		return append(list, authn.DefaultAuthKey, "docker.io")
	}
	return append(list, target.RegistryStr())
}

func lookUp(path string, keys []string) (authn.Authenticator, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return authn.Anonymous, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file, err := config.LoadFromReader(f)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		found, err := file.GetAuthConfig(key)
		if err != nil {
			return nil, fmt.Errorf("credentials for %s: %w", key, err)
		}
		found.ServerAddress = "" // set even if nothing was found
		if found != (types.AuthConfig{}) {
			return authn.FromConfig(authn.AuthConfig{
				Username: found.Username, Password: found.Password, Auth: found.Auth,
				IdentityToken: found.IdentityToken, RegistryToken: found.RegistryToken,
			}), nil
		}
	}
	return authn.Anonymous, nil
}
