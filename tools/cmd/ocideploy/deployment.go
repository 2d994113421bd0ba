package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/network"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/deployment"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/deployspec"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/registry"
)

// specSuffix is what the name of a target's deploy spec has after that of the target.
const specSuffix = ".deploy.json"

// ownSpec is the deploy spec beside the program, if it was built as a target of its own, else "".
func ownSpec(p *cli.Process) string {
	for _, program := range programs(p.Argv0) {
		path := strings.TrimSuffix(program, ".exe") + specSuffix
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// implied is the command that the program's own spec is for.
func implied(p *cli.Process) (string, error) {
	path := ownSpec(p)
	if path == "" {
		return "", nil
	}
	return commandOf(path)
}

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

// destination is what flags say in place of the spec, or beside it.
type destination struct {
	network.RegistryOptions
	repository string
	tags       cli.List
}

// read reads a deploy spec and all that it names but layers.
func read(p *cli.Process, path string, to *destination) (*deployment.Deployment, error) {
	if path == "" {
		return nil, cli.Usagef("--spec is missing; use bazel run on a target, or name its .deploy.json file")
	}
	runfiles, err := openRunfiles(append(programs(p.Argv0), programs(strings.TrimSuffix(path, specSuffix))...), p.Getenv)
	if err != nil {
		return nil, err
	}
	spec, err := deployspec.Read(path, runfiles.Resolve)
	if err != nil {
		return nil, err
	}
	if to.repository != "" && len(spec.Images) != 1 {
		return nil, cli.Usagef("--repository names one repository, but %s deploys %d images", path, len(spec.Images))
	}
	to.Insecure = append(to.Insecure, spec.Insecure...)
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

// registries is the client for registries, with the user's credentials.
func registries(p *cli.Process, o network.RegistryOptions, say func(format string, args ...any)) *registry.Client {
	return (&network.Network{Program: "ocideploy", Process: p, Say: say}).Registries(o)
}

// remoteBlobs lets d's blobs be had from URLs and repositories.
func remoteBlobs(p *cli.Process, d *deployment.Deployment, client *registry.Client, say func(format string, args ...any)) error {
	fetcher, err := (&network.Network{Program: "ocideploy", Process: p, Say: say}).Files(network.Options{})
	if err != nil {
		return err
	}
	d.Blobs.Fetch = func(ctx context.Context, url string) (io.ReadCloser, error) { return fetcher.Open(ctx, url) }
	d.Blobs.Pull = client.BlobReader()
	return nil
}
