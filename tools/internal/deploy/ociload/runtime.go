// Package ociload brings images into the container runtimes of this machine, through the programs that come with them,
// and leaves out what is there.
package ociload

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/ociarchive"
)

// Exec runs a program and returns its standard output. Its error has what the program wrote to standard error; it is
// ErrNoProgram where there is none.
type Exec func(ctx context.Context, stdin io.Reader, name string, args ...string) ([]byte, error)

// ErrNoProgram says that a program is not installed.
var ErrNoProgram = errors.New("is not installed")

// Runtime is a container runtime.
type Runtime interface {
	// Check returns nil if the runtime is there and answers.
	Check(ctx context.Context) error
	// Present tells whether the runtime has the image, under whatever name.
	Present(ctx context.Context, image ociarchive.Image) (bool, error)
	// Tag gives an image that is present its names.
	Tag(ctx context.Context, image ociarchive.Image) error
	// Held returns which layers of the image the runtime has and takes from its own store if an archive lacks them. Nil
	// if it does not say. What goes wrong is no more than that.
	Held(ctx context.Context, image ociarchive.Image) (map[v1.Hash]bool, error)
	// Write writes the archive as the runtime reads it.
	Write(ctx context.Context, archive *ociarchive.Archive, w io.Writer) error
	// Load reads an archive.
	Load(ctx context.Context, archive io.Reader) error
}

// Names are the runtimes that New knows, in the order in which Detect tries them.
func Names() []string { return []string{"docker", "podman", "containerd", "nerdctl"} }

// New returns the runtime with that name, nil if there is none.
func New(name string, exec Exec) Runtime {
	switch name {
	case "docker":
		return &docker{exec}
	case "podman":
		return &podman{exec, "podman"}
	case "containerd":
		return &containerd{exec}
	case "nerdctl":
		return &nerdctl{exec, "nerdctl"}
	}
	return nil
}

// Open returns the runtime that answers under that name: a program called docker may be podman or nerdctl, which load
// otherwise.
func Open(ctx context.Context, name string, exec Exec) Runtime {
	if name == "docker" {
		out, err := exec(ctx, nil, "docker", "--version")
		switch {
		case err == nil && strings.HasPrefix(string(out), "podman "):
			return &podman{exec, "docker"}
		case err == nil && strings.HasPrefix(string(out), "nerdctl "):
			return &nerdctl{exec, "docker"}
		}
	}
	return New(name, exec)
}

// Detect returns the name of the first runtime that answers.
func Detect(ctx context.Context, exec Exec) (string, error) {
	var tried []string
	for _, name := range Names() {
		err := Open(ctx, name, exec).Check(ctx)
		if err == nil {
			return name, nil
		}
		tried = append(tried, fmt.Sprintf("%s: %v", name, err))
	}
	return "", fmt.Errorf("no container runtime answers (%s)", strings.Join(tried, "; "))
}

// docker is Docker.
type docker struct{ exec Exec }

func (d *docker) Check(ctx context.Context) error {
	_, err := d.exec(ctx, nil, "docker", "version", "--format", "{{.Server.Version}}")
	return err
}

// Present asks for the image ID. Where Docker keeps images in containerd that is another digest, and the image counts
// as absent.
func (d *docker) Present(ctx context.Context, image ociarchive.Image) (bool, error) {
	return present(d.exec(ctx, nil, "docker", "image", "inspect", "--format", "{{.Id}}", image.Manifest.Manifest.Config.Digest.String()))
}

func (d *docker) Tag(ctx context.Context, image ociarchive.Image) error {
	for _, name := range image.Names {
		if _, err := d.exec(ctx, nil, "docker", "image", "tag", image.Manifest.Manifest.Config.Digest.String(), name); err != nil {
			return err
		}
	}
	return nil
}

// Held looks for the image with which the longest row of lowest layers is shared: Docker keeps a layer together with
// all that lie below it, and does not look for the files of those that it has.
func (d *docker) Held(ctx context.Context, image ociarchive.Image) (map[v1.Hash]bool, error) {
	status, err := d.exec(ctx, nil, "docker", "info", "--format", "{{json .DriverStatus}}")
	if err != nil || strings.Contains(string(status), "io.containerd.snapshotter") {
		return nil, err
	}
	out, err := d.exec(ctx, nil, "docker", "image", "ls", "--quiet", "--no-trunc")
	ids := strings.Fields(string(out))
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	slices.Sort(ids)
	args := append([]string{"image", "inspect", "--format", "{{json .RootFS.Layers}}"}, slices.Compact(ids)...)
	if out, err = d.exec(ctx, nil, "docker", args...); err != nil {
		return nil, err
	}
	longest := 0
	for line := range strings.Lines(string(out)) {
		var diffIDs []v1.Hash
		if err := json.Unmarshal([]byte(line), &diffIDs); err != nil {
			return nil, fmt.Errorf("docker image inspect: %w", err)
		}
		longest = max(longest, shared(diffIDs, image.Config.RootFS.DiffIDs))
	}
	held := map[v1.Hash]bool{}
	for _, desc := range image.Manifest.Manifest.Layers[:longest] {
		held[desc.Digest] = true
	}
	return held, nil
}

func shared(a, b []v1.Hash) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

func (d *docker) Write(ctx context.Context, archive *ociarchive.Archive, w io.Writer) error {
	return archive.WriteDocker(ctx, w)
}

func (d *docker) Load(ctx context.Context, archive io.Reader) error {
	_, err := d.exec(ctx, archive, "docker", "load", "--quiet")
	return err
}

// present reads the answer of an inspect command: these fail for an image that is not there.
func present(out []byte, err error) (bool, error) {
	if errors.Is(err, ErrNoProgram) || errors.Is(err, context.Canceled) {
		return false, err
	}
	return err == nil && len(strings.TrimSpace(string(out))) > 0, nil
}

// podman is podman, which keeps the manifest of an OCI archive as it is.
type podman struct {
	exec    Exec
	program string
}

func (p *podman) Check(ctx context.Context) error {
	_, err := p.exec(ctx, nil, p.program, "version", "--format", "{{.Client.Version}}")
	return err
}

func (p *podman) Present(ctx context.Context, image ociarchive.Image) (bool, error) {
	return present(p.exec(ctx, nil, p.program, "image", "inspect", "--format", "{{.Id}}", image.Manifest.Manifest.Config.Digest.Hex))
}

func (p *podman) Tag(ctx context.Context, image ociarchive.Image) error {
	for _, name := range image.Names {
		if _, err := p.exec(ctx, nil, p.program, "image", "tag", image.Manifest.Manifest.Config.Digest.Hex, name); err != nil {
			return err
		}
	}
	return nil
}

// Held is nil: podman does not tell the digests of the layers that it has.
func (p *podman) Held(context.Context, ociarchive.Image) (map[v1.Hash]bool, error) { return nil, nil }

func (p *podman) Write(ctx context.Context, archive *ociarchive.Archive, w io.Writer) error {
	return archive.WriteOCI(ctx, w)
}

func (p *podman) Load(ctx context.Context, archive io.Reader) error {
	_, err := p.exec(ctx, archive, p.program, "load", "--quiet")
	return err
}
