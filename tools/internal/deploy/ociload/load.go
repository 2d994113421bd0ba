package ociload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/deployment"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/ociarchive"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/refname"
)

// Select chooses the image for a platform out of every index of d. If wanted is nil, it is host, and an image that has
// one platform only is taken whatever that is.
func Select(d *deployment.Deployment, wanted *v1.Platform, host v1.Platform) ([]ociarchive.Image, error) {
	var images []ociarchive.Image
	for i, image := range d.Images {
		m := find(image.Manifests, wanted, host)
		if m == nil {
			var has []string
			for _, m := range image.Manifests {
				has = append(has, m.Descriptor.Platform.String())
			}
			if wanted == nil {
				wanted = &host
			}
			return nil, fmt.Errorf("images[%d]: is for %s, not for %s; choose one with --platform", i, strings.Join(has, ", "), wanted)
		}
		selected := ociarchive.Image{Manifest: m}
		if image.Repository == "" && len(image.Tags) > 0 {
			return nil, fmt.Errorf("images[%d]: has no name; set repository in the rule, or --repository", i)
		}
		for _, tag := range image.Tags {
			repository, err := refname.Repository(image.Repository)
			if err == nil {
				_, err = refname.Tag(repository, tag)
			}
			if err != nil {
				return nil, fmt.Errorf("images[%d]: %w", i, err)
			}
			selected.Names = append(selected.Names, image.Repository+":"+tag)
		}
		images = append(images, selected)
	}
	return images, nil
}

func find(manifests []*deployment.Manifest, wanted *v1.Platform, host v1.Platform) *deployment.Manifest {
	if wanted == nil && len(manifests) == 1 {
		return manifests[0]
	}
	if wanted == nil {
		wanted = &host
	}
	exact, open := normal(*wanted), *wanted
	open.OSVersion, open.OSFeatures, open.Features = "", nil, nil
	for _, m := range manifests {
		if has := m.Descriptor.Platform; has != nil && has.OS == exact.OS && has.Architecture == exact.Architecture && normal(*has).Variant == exact.Variant {
			return m
		}
	}
	for _, m := range manifests {
		// Satisfies takes what the wanted platform leaves open as it is.
		if m.Descriptor.Platform != nil && m.Descriptor.Platform.Satisfies(open) {
			return m
		}
	}
	return nil
}

// normal writes down the variant that an architecture without one has.
func normal(p v1.Platform) v1.Platform {
	if p.Variant == "" {
		p.Variant = map[string]string{"amd64": "v1", "arm64": "v8", "arm": "v7"}[p.Architecture]
	}
	return p
}

// Loader loads images into a runtime.
type Loader struct {
	Runtime Runtime
	// Total and Done, if set, are told of the bytes of layers to send, and of those that were sent.
	Total, Done func(bytes int64)
	// Say, if set, is told what else there is to know.
	Say func(format string, args ...any)
}

// Result is what became of one image.
type Result struct {
	Image   ociarchive.Image
	Present bool // it was there; only its names were set
	Layers  int  // of the image
	Sent    int  // layers that had to be sent
}

// Load loads images, one after the other.
func (l *Loader) Load(ctx context.Context, archive ociarchive.Archive) ([]Result, error) {
	var results []Result
	for _, image := range archive.Images {
		one := archive
		one.Images = []ociarchive.Image{image}
		result, err := l.one(ctx, one)
		if err != nil {
			return nil, fmt.Errorf("loading %s: %w", title(image), err)
		}
		results = append(results, *result)
	}
	return results, nil
}

func title(image ociarchive.Image) string {
	if len(image.Names) > 0 {
		return image.Names[0]
	}
	return image.Descriptor.Digest.String()
}

func (l *Loader) one(ctx context.Context, archive ociarchive.Archive) (*Result, error) {
	image := archive.Images[0]
	result := &Result{Image: image, Layers: len(image.Manifest.Manifest.Layers)}
	// What is there need not be sent. That it cannot be found out is no reason to stop.
	there, err := l.Runtime.Present(ctx, image)
	if err == nil && there {
		if err = l.Runtime.Tag(ctx, image); err == nil {
			result.Present = true
			return result, nil
		}
	}
	var held map[v1.Hash]bool
	if err == nil {
		held, err = l.Runtime.Held(ctx, image)
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, ErrNoProgram):
		return nil, err
	case err != nil:
		held = nil
		l.say("sending all layers: what is there is not known: %v", err)
	}
	archive.Skip = func(digest v1.Hash) bool { return held[digest] }
	archive.Done = l.Done
	for _, desc := range image.Manifest.Manifest.Layers {
		if !held[desc.Digest] {
			result.Sent++
		}
	}
	if l.Total != nil {
		l.Total(archive.Size())
	}
	err = l.send(ctx, &archive)
	var own *sourceError
	if err == nil || result.Sent == result.Layers || errors.As(err, &own) || ctx.Err() != nil {
		return result, err
	}
	// The runtime may have lost, in the meantime, what it said it had.
	l.say("sending all layers: without those that were there it failed: %v", err)
	archive.Skip = nil
	result.Sent = result.Layers
	return result, l.send(ctx, &archive)
}

func (l *Loader) say(format string, args ...any) {
	if l.Say != nil {
		l.Say(format, args...)
	}
}

// sourceError is an error of what is to be loaded, and not of the runtime.
type sourceError struct{ error }

func (e *sourceError) Unwrap() error { return e.error }

// send writes the archive into the runtime's standard input.
func (l *Loader) send(ctx context.Context, archive *ociarchive.Archive) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, w := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := l.Runtime.Write(ctx, archive, w)
		if err != nil && !errors.Is(err, errEnded) {
			// End the runtime's program before it sees the end of its input: it might take half an archive for a whole
			// one.
			cancel()
		}
		w.CloseWithError(err)
		written <- err
	}()
	err := l.Runtime.Load(ctx, r)
	r.CloseWithError(errEnded)
	if source := <-written; source != nil && !errors.Is(source, errEnded) {
		return &sourceError{source}
	}
	return err
}

var errEnded = errors.New("the program has ended")
