package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
	"github.com/rules-apk/rules_apk/tools/internal/oci/linkcheck"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocidoc"
)

type linkCheckFlags struct {
	name, platform, manifest, config, out string
	lists                                 []string
	partial, warn                         bool
	hubs, locks                           []string
}

func parseLinkCheckFlags(args []string) (*linkCheckFlags, error) {
	f := &linkCheckFlags{}
	fs := newFlags("link-check")
	fs.need(&f.name, "name", "what messages call the image")
	fs.need(&f.platform, "platform", "OS/ARCH[/VARIANT]")
	fs.need(&f.manifest, "manifest", "file: the image's manifest")
	fs.need(&f.config, "config", "file: its config")
	fs.strings(&f.lists, "elf", "file: a list of a layer's ELF files, or facts of a package; may be repeated")
	fs.BoolVar(&f.partial, "partial", false, "true: there are layers of which there is no list, so that nothing is missing for certain")
	fs.BoolVar(&f.warn, "warn", false, "true: problems are warnings")
	fs.strings(&f.hubs, "hub", "label prefix of the packages of a lock, such as @alpine; may be repeated")
	fs.strings(&f.locks, "lock", "file: the lock of the hub before it; may be repeated")
	fs.need(&f.out, "report-out", "output file: what was found, a line each")
	if err := fs.parse(args); err != nil {
		return nil, err
	}
	if len(f.hubs) != len(f.locks) {
		return nil, cli.Usagef("link-check: got %d --hub and %d --lock, want as many", len(f.hubs), len(f.locks))
	}
	return f, nil
}

func runLinkCheck(_ context.Context, args []string, stderr io.Writer) error {
	f, err := parseLinkCheckFlags(args)
	if err != nil {
		return err
	}
	request, err := f.request()
	if err != nil {
		return err
	}
	found := linkcheck.Check(request)
	notes := found.Notes
	if f.warn {
		notes = append(notes, found.Problems...)
	}
	prefix := fmt.Sprintf("%s (%s): ", f.name, request.Platform)
	for _, note := range notes {
		fmt.Fprintf(stderr, "ocibuild: warning: %s%s\n", prefix, note)
	}
	if len(found.Problems) > 0 && !f.warn {
		lines := append(found.Problems, "such programs cannot be started; libraries = \"warning\" makes the image nevertheless")
		return errors.New(prefix + strings.Join(lines, "\n  "))
	}
	return atomicfile.WriteBytes(f.out, []byte(strings.Join(append(notes, ""), "\n")))
}

func (f *linkCheckFlags) request() (linkcheck.Request, error) {
	r := linkcheck.Request{Partial: f.partial}
	platform, err := v1.ParsePlatform(f.platform)
	if err != nil {
		return r, fmt.Errorf("--platform: %w", err)
	}
	r.Platform = *platform
	image, err := readImage(f.manifest, f.config)
	if err != nil {
		return r, err
	}
	r.Program = program(image)
	for _, path := range f.lists {
		data, err := os.ReadFile(path)
		if err != nil {
			return r, err
		}
		list, err := linkcheck.Parse(data)
		if err != nil {
			return r, fmt.Errorf("reading %s: %w", path, err)
		}
		r.Lists = append(r.Lists, list)
	}
	r.Providers = f.providers
	return r, nil
}

// program is the path of what an image runs, or empty.
func program(image *ocidoc.Image) string {
	config := image.Config().Config
	for _, words := range [][]string{config.Entrypoint, config.Cmd} {
		if len(words) > 0 {
			return words[0]
		}
	}
	return ""
}

// providers are the packages of the locks that provide a shared object. A lock that cannot be read suggests none: that
// it cannot be read others say.
func (f *linkCheckFlags) providers(machine, soname string) []string {
	var labels []string
	for i, path := range f.locks {
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		lock, err := lockfile.Parse(data)
		if err != nil {
			continue
		}
		for _, p := range lock.Packages {
			if p.Arch != machine && !(machine == "arm" && strings.HasPrefix(p.Arch, "arm")) {
				continue
			}
			for _, provided := range p.Provides {
				if name, _, _ := strings.Cut(provided, "="); name == "so:"+soname {
					labels = append(labels, f.hubs[i]+"//"+p.Name)
				}
			}
		}
	}
	return labels
}
