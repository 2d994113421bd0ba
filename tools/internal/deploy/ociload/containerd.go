package ociload

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/ociarchive"
)

// containerd is containerd, by way of its own ctr. Address and namespace are those of the environment.
type containerd struct{ exec Exec }

func (c *containerd) Check(ctx context.Context) error {
	_, err := c.exec(ctx, nil, "ctr", "version")
	return err
}

// Present is always false: to import what is there is how it gets a name, and costs nothing, as no blob is sent.
func (c *containerd) Present(context.Context, ociarchive.Image) (bool, error) { return false, nil }

func (c *containerd) Tag(context.Context, ociarchive.Image) error { return nil }

func (c *containerd) Held(ctx context.Context, _ ociarchive.Image) (map[v1.Hash]bool, error) {
	out, err := c.exec(ctx, nil, "ctr", "content", "ls", "--quiet")
	if err != nil {
		return nil, err
	}
	held := map[v1.Hash]bool{}
	for _, text := range strings.Fields(string(out)) {
		if digest, err := v1.NewHash(text); err == nil {
			held[digest] = true
		}
	}
	return held, nil
}

func (c *containerd) Write(ctx context.Context, archive *ociarchive.Archive, w io.Writer) error {
	return writeFullNames(ctx, archive, w)
}

// writeFullNames spells names out: containerd knows no short ones.
func writeFullNames(ctx context.Context, archive *ociarchive.Archive, w io.Writer) error {
	full := *archive
	full.Images = slices.Clone(archive.Images)
	for i, image := range full.Images {
		names := []string{}
		for _, n := range image.Names {
			tag, err := name.NewTag(n)
			if err != nil {
				return err
			}
			names = append(names, strings.Replace(tag.Name(), name.DefaultRegistry+"/", "docker.io/", 1))
		}
		full.Images[i].Names = names
	}
	return full.WriteOCI(ctx, w)
}

func (c *containerd) Load(ctx context.Context, archive io.Reader) error {
	_, err := c.exec(ctx, archive, "ctr", "image", "import", "--all-platforms", "-")
	return err
}

// nerdctl is containerd, by way of the program that is like Docker's.
type nerdctl struct {
	exec    Exec
	program string
}

func (n *nerdctl) Check(ctx context.Context) error {
	_, err := n.exec(ctx, nil, n.program, "info", "--format", "{{.ServerVersion}}")
	return err
}

// Present is always false, as with containerd.
func (n *nerdctl) Present(context.Context, ociarchive.Image) (bool, error) { return false, nil }

func (n *nerdctl) Tag(context.Context, ociarchive.Image) error { return nil }

// Held is nil: nerdctl does not tell the digests of the layers that it has.
func (n *nerdctl) Held(context.Context, ociarchive.Image) (map[v1.Hash]bool, error) { return nil, nil }

func (n *nerdctl) Write(ctx context.Context, archive *ociarchive.Archive, w io.Writer) error {
	return writeFullNames(ctx, archive, w)
}

func (n *nerdctl) Load(ctx context.Context, archive io.Reader) error {
	_, err := n.exec(ctx, archive, n.program, "load", "--quiet", "--all-platforms")
	return err
}
