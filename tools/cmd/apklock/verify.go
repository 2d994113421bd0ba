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

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli/progress"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/network"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/refname"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/registry"
	"github.com/rules-apk/rules_apk/tools/internal/lock/layerproof"
	"github.com/rules-apk/rules_apk/tools/internal/urlpath"
)

type verifyOptions struct {
	fileOptions
	network.Options
	network.RegistryOptions
	keyring cli.List
}

func verifyCommand() cli.Command {
	return cli.Command{
		Name:      "verify",
		Arguments: "IMAGE|LAYOUT_DIRECTORY",
		Summary:   "tell which layers of an image are packages of a lock, and prove it",
		Example: "apklock verify registry.example.com/server:v1 --lock apk.lock.json --keyring /etc/apk/keys\n" +
			"apklock verify bazel-bin/server/layout",
		Define: func(_ *cli.Process, flags *flag.FlagSet) cli.Action {
			var o verifyOptions
			o.fileOptions.define(flags)
			o.Options.Define(flags)
			o.RegistryOptions.Define(flags)
			flags.Var(&o.keyring, "keyring", "public key `FILE`, folder of them, or URL: also fetch every package and prove it signed; may be repeated")
			return func(ctx context.Context, p *cli.Process, args []string) error {
				return verify(ctx, o, args[0], p)
			}
		},
	}
}

func verify(ctx context.Context, o verifyOptions, from string, p *cli.Process) error {
	say := progress.New("apklock", p.Stderr).Say
	prover, err := o.prover(ctx, p, say)
	if err != nil {
		return err
	}
	images, err := readImages(ctx, from, o.RegistryOptions, p, say)
	if err != nil {
		return err
	}
	bad := 0
	for _, image := range images {
		layers, err := prover.Layers(ctx, image)
		if err != nil {
			return fmt.Errorf("%s: %w", from, err)
		}
		n, err := showLayers(p.Stdout, image, layers)
		if err != nil {
			return err
		}
		bad += n
	}
	if bad > 0 {
		return fmt.Errorf("%s: %d layers are not what the lock says they are", from, bad)
	}
	return nil
}

func (o *verifyOptions) prover(ctx context.Context, p *cli.Process, say func(string, ...any)) (*layerproof.Prover, error) {
	lock, err := readLock(p, o.lock)
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(p.WorkspacePath(o.config))
	prover := &layerproof.Prover{Lock: lock, Jobs: 4, Locate: func(location string) string { return urlpath.From(dir, location) }}
	if o.keyring == nil {
		return prover, nil
	}
	var keys []string
	for _, key := range o.keyring {
		keys = append(keys, urlpath.From(p.Path("."), key))
	}
	prover.Reader, err = openReader(ctx, p, o.Options, keys, lock, say)
	return prover, err
}

// readImages reads an image, or all images of an index, from a layout directory or a registry.
func readImages(ctx context.Context, from string, o network.RegistryOptions, p *cli.Process, say func(string, ...any)) ([]v1.Image, error) {
	if dir := p.Path(from); isDir(dir) {
		index, err := layout.ImageIndexFromPath(dir)
		if err != nil {
			return nil, fmt.Errorf("layout %s: %w", dir, err)
		}
		return imagesOf(index)
	}
	ref, err := refname.Image(from)
	if err != nil {
		return nil, cli.Usagef("%q is no directory, and no image either: %v", from, err)
	}
	client := (&network.Network{Program: "apklock", Process: p, Say: say}).Registries(o)
	repository, err := client.Open(ctx, ref.Context(), registry.Access{})
	if err != nil {
		return nil, err
	}
	m, err := repository.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	return pulledImages(ctx, repository, m)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// imagesOf lists the images of an index, those of indexes in it included.
func imagesOf(index v1.ImageIndex) ([]v1.Image, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	return listed(manifest, func(desc v1.Descriptor) ([]v1.Image, error) {
		if desc.MediaType.IsIndex() {
			child, err := index.ImageIndex(desc.Digest)
			if err != nil {
				return nil, err
			}
			return imagesOf(child)
		}
		image, err := index.Image(desc.Digest)
		return []v1.Image{image}, err
	})
}

// listed opens everything in an index that is an image or an index.
func listed(index *v1.IndexManifest, open func(v1.Descriptor) ([]v1.Image, error)) ([]v1.Image, error) {
	var images []v1.Image
	for _, desc := range index.Manifests {
		if desc.Platform != nil && desc.Platform.OS == "unknown" {
			continue // What build tools attach to an index has this platform, and no file system.
		}
		opened, err := open(desc)
		if err != nil {
			return nil, err
		}
		images = append(images, opened...)
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
		fmt.Fprintf(table, "  %s\t%s\t%s\n", layer.Digest, cli.Escape(title), cli.Escape(verdict))
	}
	if err := table.Flush(); err != nil {
		return 0, err
	}
	_, err = fmt.Fprintf(w, "  %d of %d layers are packages' own bytes\n", own, len(layers))
	return bad, err
}
