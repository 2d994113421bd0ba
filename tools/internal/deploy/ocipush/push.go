// Package ocipush brings images into registries: only what they lack, layers before the manifests that name them, and
// tags when all else is there.
package ocipush

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/deployment"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/refname"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/registry"
)

// Pusher pushes deployments.
type Pusher struct {
	Registry *registry.Client
	// Jobs is how many requests are under way at once.
	Jobs int
	// DryRun asks what is there, and writes nothing.
	DryRun   bool
	Progress Progress
}

// Result is one image, pushed.
type Result struct {
	// Reference is repository@digest, the repository as the deployment spells it.
	Reference string
	// Blobs counts the blobs by how they got there; with DryRun, those that would have to be mounted or uploaded are
	// under Uploaded.
	Blobs map[registry.Outcome]int
	// Bytes is the size of the uploaded blobs.
	Bytes int64
	// Tagged are the tags that now name the image and did not before; with DryRun, those that would be set.
	Tagged []string
}

// target is an image and the repository that it goes to.
type target struct {
	*deployment.Image
	repository name.Repository
	tags       []name.Tag
	remote     *registry.Repository
	missing    []*deployment.Manifest // those that the repository lacks
	rootThere  bool
	result     *Result
}

// Push pushes all images of d. After an error no tag of any image was changed, unless the error says so.
func (p *Pusher) Push(ctx context.Context, d *deployment.Deployment) ([]*Result, error) {
	targets, err := targets(d.Images)
	if err != nil {
		return nil, err
	}
	if err := p.open(ctx, targets); err != nil {
		return nil, err
	}
	if err := p.each(ctx, targets, p.look); err != nil {
		return nil, err
	}
	if err := p.blobs(ctx, d.Blobs, targets); err != nil {
		return nil, err
	}
	if !p.DryRun {
		if err := p.each(ctx, targets, p.manifests); err != nil {
			return nil, err
		}
	}
	if err := p.tag(ctx, targets); err != nil {
		return nil, err
	}
	var results []*Result
	for _, t := range targets {
		results = append(results, t.result)
	}
	return results, nil
}

func targets(images []*deployment.Image) ([]*target, error) {
	var list []*target
	taken := map[name.Tag]v1.Hash{}
	for i, image := range images {
		if image.Repository == "" {
			return nil, fmt.Errorf("images[%d]: has no repository to go to; set one in the rule, or with --repository", i)
		}
		repository, err := refname.Repository(image.Repository)
		if err != nil {
			return nil, fmt.Errorf("images[%d]: %w", i, err)
		}
		t := &target{Image: image, repository: repository, result: &Result{
			Reference: image.Repository + "@" + image.Root.Digest.String(), Blobs: map[registry.Outcome]int{},
		}}
		for _, text := range image.Tags {
			tag, err := refname.Tag(repository, text)
			if err != nil {
				return nil, fmt.Errorf("images[%d]: %w", i, err)
			}
			if other, ok := taken[tag]; ok && other != image.Root.Digest {
				return nil, fmt.Errorf("%s is wanted for two images, %s and %s; give one of them another tag or repository", tag, other, image.Root.Digest)
			}
			taken[tag] = image.Root.Digest
			if !slices.Contains(t.tags, tag) {
				t.tags = append(t.tags, tag)
			}
		}
		list = append(list, t)
	}
	return list, nil
}

// open logs in to every repository once.
func (p *Pusher) open(ctx context.Context, targets []*target) error {
	from := map[name.Repository][]name.Repository{}
	for _, t := range targets {
		from[t.repository] = append(from[t.repository], t.MountFrom...)
		for _, other := range targets {
			from[t.repository] = append(from[t.repository], other.repository)
		}
	}
	opened := map[name.Repository]*registry.Repository{}
	for _, t := range targets {
		if opened[t.repository] == nil {
			r, err := p.Registry.Open(ctx, t.repository, registry.Access{Push: !p.DryRun, MountFrom: unique(from[t.repository])})
			if err != nil {
				return err
			}
			opened[t.repository] = r
		}
		t.remote = opened[t.repository]
	}
	return nil
}

func unique(list []name.Repository) []name.Repository {
	var out []name.Repository
	for _, r := range list {
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

func (p *Pusher) each(ctx context.Context, targets []*target, f func(context.Context, *target) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(p.Jobs)
	for _, t := range targets {
		group.Go(func() error { return f(ctx, t) })
	}
	return group.Wait()
}

// look finds out which manifests are there already. A registry that has one has all that it names.
func (p *Pusher) look(ctx context.Context, t *target) error {
	there, err := t.has(ctx, t.Root.Digest)
	if err != nil || there {
		t.rootThere = there
		return err
	}
	for _, m := range t.Manifests {
		there := false
		if t.Index != nil {
			if there, err = t.has(ctx, m.Descriptor.Digest); err != nil {
				return err
			}
		}
		if !there {
			t.missing = append(t.missing, m)
		}
	}
	return nil
}

func (t *target) has(ctx context.Context, digest v1.Hash) (bool, error) {
	return t.remote.HasManifest(ctx, t.repository.Digest(digest.String()), digest)
}

func (t *target) put(ctx context.Context, ref name.Reference, m registry.Manifest) error {
	return t.remote.PutManifest(ctx, ref, m)
}

// manifests writes the manifests that are missing, by digest, and then the index. What the tags name is left to them
// where the registry takes nothing by digest: then it gets there with the first tag.
func (p *Pusher) manifests(ctx context.Context, t *target) error {
	for _, m := range t.missing {
		ref := t.repository.Digest(m.Descriptor.Digest.String())
		err := t.put(ctx, ref, registry.Manifest{Raw: m.Raw, Type: m.Descriptor.MediaType})
		if err != nil && !(t.Index == nil && t.tagsSuffice(err)) {
			return err
		}
	}
	if t.Index == nil || t.rootThere {
		return nil
	}
	err := t.put(ctx, t.repository.Digest(t.Root.Digest.String()), t.root())
	if t.tagsSuffice(err) {
		return nil
	}
	return err
}

func (t *target) tagsSuffice(err error) bool {
	return len(t.tags) > 0 && registry.RefusesDigests(err)
}

// root is what the tags name.
func (t *target) root() registry.Manifest {
	if t.Index != nil {
		return registry.Manifest{Raw: t.Index, Type: t.Root.MediaType}
	}
	return registry.Manifest{Raw: t.Manifests[0].Raw, Type: t.Root.MediaType}
}

// tag sets the tags, one after the other, so that it can be said how far it got.
func (p *Pusher) tag(ctx context.Context, targets []*target) error {
	var moved []string
	for _, t := range targets {
		for _, tag := range t.tags {
			there, err := t.remote.HasManifest(ctx, tag, t.Root.Digest)
			if err == nil && !there && !p.DryRun {
				err = t.put(ctx, tag, t.root())
			}
			if err != nil && moved != nil {
				return fmt.Errorf("%w (already set: %v)", err, moved)
			}
			if err != nil {
				return err
			}
			if !there {
				moved = append(moved, tag.String())
				t.result.Tagged = append(t.result.Tagged, tag.TagStr())
			}
		}
	}
	return nil
}
