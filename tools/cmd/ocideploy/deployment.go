package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/deployment"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/deployspec"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/regauth"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/registry"
	"github.com/rules-apk/rules_apk/tools/internal/fetch"
)

// commandOf reads which command a spec is for.
func commandOf(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading deploy spec: %w", err)
	}
	spec, err := deployspec.Parse(data)
	if err != nil {
		return "", fmt.Errorf("deploy spec %s: %w", path, err)
	}
	return spec.Command, nil
}

// destination is what flags say in place of the spec.
type destination struct {
	repository string
	tags       list
}

// read reads a deploy spec and all that it names but layers.
func (p *process) read(path string, to destination) (*deployment.Deployment, error) {
	if path == "" {
		return nil, &usageError{"--spec is missing; use bazel run on a target, or name its .deploy.json file"}
	}
	runfiles, err := openRunfiles([]string{p.argv0, strings.TrimSuffix(path, specSuffix)}, p.getenv)
	if err != nil {
		return nil, err
	}
	spec, err := deployspec.Read(path, runfiles.Resolve)
	if err != nil {
		return nil, err
	}
	if to.repository != "" && len(spec.Images) != 1 {
		return nil, &usageError{fmt.Sprintf("--repository names one repository, but %s deploys %d images", path, len(spec.Images))}
	}
	// Before stamping: what a flag replaces need not be known.
	for i := range spec.Images {
		if to.repository != "" {
			spec.Images[i].Repository = to.repository
		}
		if to.tags != nil {
			spec.Images[i].Tags, spec.Images[i].TagFiles = to.tags, nil
		}
	}
	if err := spec.Stamp(); err != nil {
		return nil, fmt.Errorf("deploy spec %s: %w", path, err)
	}
	d, err := deployment.Read(spec)
	if err != nil {
		return nil, fmt.Errorf("deploy spec %s: %w", path, err)
	}
	return d, nil
}

// registry makes the client for registries, with the user's credentials.
func (p *process) registry(say func(format string, args ...any)) *registry.Client {
	return &registry.Client{
		Transport: transport(), Keychain: regauth.Keychain{Files: p.credentials()},
		Attempts: 4, Wait: 500 * time.Millisecond,
		Retrying: func(err error, wait time.Duration) { say("trying again in %s: %v", wait, err) },
	}
}

func transport() *http.Transport {
	if t, ok := remote.DefaultTransport.(*http.Transport); ok {
		return t.Clone()
	}
	return &http.Transport{Proxy: http.ProxyFromEnvironment}
}

// remoteBlobs lets d's blobs be had from URLs and repositories.
func remoteBlobs(d *deployment.Deployment, client *registry.Client, say func(format string, args ...any)) {
	fetcher := &fetch.Client{
		Transport: transport(), Attempts: 4, Backoff: 500 * time.Millisecond, Stall: time.Minute,
		Notify: func(message string) { say("%s", message) },
	}
	d.Blobs.Fetch = func(ctx context.Context, url string) (io.ReadCloser, error) { return fetcher.Open(ctx, url) }
	d.Blobs.Pull = client.BlobReader()
}

// home is the user's home directory. Actions of a build have no HOME; the machine's accounts tell it, too.
func (p *process) home() string {
	if home := p.getenv("HOME"); home != "" {
		return home
	}
	if u, err := user.Current(); err == nil {
		return u.HomeDir
	}
	return ""
}

// credentials are the files in which Docker and podman keep credentials.
func (p *process) credentials() []string {
	var files []string
	add := func(dir string, rest ...string) {
		if dir != "" {
			files = append(files, filepath.Join(append([]string{dir}, rest...)...))
		}
	}
	home := p.home()
	add(p.getenv("REGISTRY_AUTH_FILE"))
	if dir := p.getenv("DOCKER_CONFIG"); dir != "" {
		add(dir, "config.json")
	} else {
		add(home, ".docker", "config.json")
	}
	add(p.getenv("XDG_RUNTIME_DIR"), "containers", "auth.json")
	add(home, ".config", "containers", "auth.json")
	return files
}
