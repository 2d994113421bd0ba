package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/registry"
	"github.com/rules-apk/rules_apk/tools/internal/fetch"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkrepo"
	"github.com/rules-apk/rules_apk/tools/internal/lock/layerproof"
	"github.com/rules-apk/rules_apk/tools/internal/lock/locker"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

type verifyFlags struct {
	image   string
	lock    string
	keyring list
}

func parseVerify(p *process, args []string) (*verifyFlags, error) {
	f := &verifyFlags{}
	set := flag.NewFlagSet("verify", flag.ContinueOnError)
	set.StringVar(&f.lock, "lock", "apk.lock.json", "the lock `FILE` whose packages the image is made of")
	set.Var(&f.keyring, "keyring", "a public key, a directory of them or a URL: also fetch every package and prove it signed; may be repeated")
	rest, err := p.parse(set, args, 1)
	if err != nil {
		return nil, err
	}
	f.image = rest[0]
	return f, nil
}

func runVerify(ctx context.Context, p *process, _ string, args []string) error {
	f, err := parseVerify(p, args)
	if err != nil {
		return err
	}
	prover, err := p.prover(ctx, f)
	if err != nil {
		return err
	}
	images, err := p.images(ctx, f.image)
	if err != nil {
		return err
	}
	bad := 0
	for _, image := range images {
		layers, err := prover.Layers(ctx, image)
		if err != nil {
			return fmt.Errorf("%s: %w", f.image, err)
		}
		n, err := showLayers(p.stdout, image, layers)
		if err != nil {
			return err
		}
		bad += n
	}
	if bad > 0 {
		return fmt.Errorf("%s: %d layers are not what the lock says they are", f.image, bad)
	}
	return nil
}

func (p *process) prover(ctx context.Context, f *verifyFlags) (*layerproof.Prover, error) {
	path := p.path(f.lock)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading lock: %w", err)
	}
	lock, err := lockfile.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	// Paths in a lock are seen from the folder that it lies in.
	prover := &layerproof.Prover{Lock: lock, Jobs: 4, Locate: func(location string) string {
		return locker.Locate(filepath.Dir(path), location)
	}}
	if f.keyring == nil {
		return prover, nil
	}
	fetcher := &fetch.Client{
		Transport: transport(), Attempts: 4, Backoff: 500 * time.Millisecond, Stall: time.Minute,
		Notify: func(message string) { fmt.Fprintf(p.stderr, "ocideploy: %s\n", message) },
	}
	var keys []string
	for _, key := range f.keyring {
		if !fetch.IsRemote(key) {
			key = p.path(key)
		}
		keys = append(keys, key)
	}
	keyring, err := apkrepo.ReadKeyring(ctx, fetcher, keys)
	if err != nil {
		return nil, err
	}
	prover.Reader = &apkrepo.Reader{Fetcher: fetcher, Keyring: keyring}
	return prover, nil
}

// images reads an image, or all images of an index, from a layout directory or a registry.
func (p *process) images(ctx context.Context, from string) ([]v1.Image, error) {
	if dir := p.path(from); isDir(dir) {
		index, err := layout.ImageIndexFromPath(dir)
		if err != nil {
			return nil, fmt.Errorf("layout %s: %w", dir, err)
		}
		return imagesOf(index)
	}
	ref, err := name.ParseReference(from)
	if err != nil {
		return nil, &usageError{fmt.Sprintf("%q is no directory, and no image either: %v", from, err)}
	}
	client := p.registry(func(format string, args ...any) { fmt.Fprintf(p.stderr, "ocideploy: "+format+"\n", args...) })
	repository, err := client.Open(ctx, ref.Context(), registry.Access{})
	if err != nil {
		return nil, err
	}
	desc, err := repository.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	if desc.MediaType.IsIndex() {
		index, err := desc.ImageIndex()
		if err != nil {
			return nil, err
		}
		return imagesOf(index)
	}
	image, err := desc.Image()
	return []v1.Image{image}, err
}

// imagesOf lists the images of an index, those of indexes in it included.
func imagesOf(index v1.ImageIndex) ([]v1.Image, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var images []v1.Image
	for _, desc := range manifest.Manifests {
		switch {
		case desc.MediaType.IsIndex():
			child, err := index.ImageIndex(desc.Digest)
			if err != nil {
				return nil, err
			}
			below, err := imagesOf(child)
			if err != nil {
				return nil, err
			}
			images = append(images, below...)
		case desc.Platform != nil && desc.Platform.OS == "unknown":
			// What build tools attach to an index has this platform, and no file system.
		default:
			image, err := index.Image(desc.Digest)
			if err != nil {
				return nil, err
			}
			images = append(images, image)
		}
	}
	if len(images) == 0 {
		return nil, errors.New("holds no image")
	}
	return images, nil
}

// showLayers prints a line for each layer and returns how many are bad.
func showLayers(w io.Writer, image v1.Image, layers []layerproof.Layer) (int, error) {
	config, err := image.ConfigFile()
	if err != nil {
		return 0, err
	}
	digest, err := image.Digest()
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(w, "%s %s\n", config.Platform(), digest)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	own, bad := 0, 0
	for _, layer := range layers {
		title, verdict := layer.Name, "not a package's own bytes"
		if layer.Package != nil {
			title = layer.Package.Name + "-" + layer.Package.Version
			verdict = "package, as locked"
			own++
		}
		if layer.Key != "" {
			verdict = "package, proven by " + layer.Key
		}
		if layer.Err != nil {
			verdict = "BAD: " + layer.Err.Error()
			own--
			bad++
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\n", layer.Digest, title, verdict)
	}
	if err := table.Flush(); err != nil {
		return 0, err
	}
	_, err = fmt.Fprintf(w, "  %d of %d layers are packages' own bytes\n", own, len(layers))
	return bad, err
}
