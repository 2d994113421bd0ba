package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli/progress"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/lock/advisory"
	"github.com/rules-apk/rules_apk/tools/internal/lock/buildgraph"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockgraph"
	"github.com/rules-apk/rules_apk/tools/internal/nearest"
)

func affectedCommand() cli.Command {
	return cli.Command{
		Name:      "affected",
		Arguments: "NAME...",
		Summary:   "show which images have packages that are called NAME, or are built from it, in versions such as '<3.3.2-r0'",
		Example:   "bazel run @alpine//:affected -- openssl '<3.3.2-r0'\napklock affected --hub alpine --advisories main.json CVE-2024-6119",
		Define: func(_ *cli.Process, flags *flag.FlagSet) cli.Action {
			var o affectedOptions
			o.graphOptions.define(flags)
			o.imageOptions.define(flags)
			flags.StringVar(&o.advisories, "advisories", "", "`FILE` of Alpine's or Wolfi's security database, JSON: NAME is a CVE in it")
			flags.StringVar(&o.bazel, "bazel", "bazel", "`PROGRAM` that is asked for the images, where --images is not given")
			return func(ctx context.Context, p *cli.Process, args []string) error {
				return affected(ctx, o, args, p)
			}
		},
	}
}

type affectedOptions struct {
	graphOptions
	imageOptions
	advisories, bazel string
}

func affected(ctx context.Context, o affectedOptions, args []string, p *cli.Process) error {
	wanted, err := o.wanted(args, p)
	if err != nil {
		return err
	}
	lock, err := readLock(p, o.lock)
	if err != nil {
		return err
	}
	if err := known(wanted, lock, o.advisories != ""); err != nil {
		return err
	}
	graphs, err := o.graphs(p)
	if err != nil {
		return err
	}
	var images []buildgraph.Image
	if o.images != "" {
		images, err = o.imageOptions.read(p)
	} else {
		images, err = o.query(ctx, o.bazel, p)
	}
	if err != nil {
		return err
	}
	var out strings.Builder
	count := 0
	for _, image := range images {
		if writeAffected(&out, image, graphs, wanted) {
			count++
		}
	}
	fmt.Fprintf(&out, "%d of %s affected\n", count, progress.Count(len(images), "image"))
	_, err = io.WriteString(p.Stdout, out.String())
	return err
}

// wanted reads what is looked for: constraints, where one that is split in two arguments is one, or CVEs.
func (o *affectedOptions) wanted(args []string, p *cli.Process) ([]apkconstraint.Constraint, error) {
	var texts []string
	if o.advisories != "" {
		data, err := os.ReadFile(p.Path(o.advisories))
		if err != nil {
			return nil, fmt.Errorf("reading the advisories: %w", err)
		}
		if texts, err = advisory.Vulnerable(data, args); err != nil {
			return nil, fmt.Errorf("%s: %w", o.advisories, err)
		}
	} else {
		for _, arg := range args {
			if len(texts) > 0 && arg != "" && strings.ContainsAny(arg[:1], "<>=~") {
				texts[len(texts)-1] += arg
				continue
			}
			texts = append(texts, arg)
		}
	}
	var wanted []apkconstraint.Constraint
	for _, text := range texts {
		c, err := apkconstraint.Parse(text)
		if err != nil {
			return nil, cli.Usagef("%v; want NAME or NAME '<VERSION'", err)
		}
		wanted = append(wanted, c)
	}
	return wanted, nil
}

// isWanted reports whether a package is one of those that are looked for: by its name, or by the name of the source
// that it is built from, which is what advisories are about.
func isWanted(p *lockfile.Package, wanted []apkconstraint.Constraint) bool {
	return slices.ContainsFunc(wanted, func(c apkconstraint.Constraint) bool {
		return (p.Name == c.Name || p.Origin == c.Name) && c.Matches(p.Version)
	})
}

// known refuses names that no locked package has: "not affected" must not be the answer to a slip of the pen.
func known(wanted []apkconstraint.Constraint, lock *lockfile.Lock, advised bool) error {
	names := make(map[string]bool)
	for _, p := range lock.Packages {
		names[p.Name], names[p.Origin] = true, true
	}
	delete(names, "")
	for _, c := range wanted {
		if names[c.Name] || advised {
			continue
		}
		err := fmt.Errorf("no locked package is called %q or built from it", c.Name)
		if near := nearest.Name(c.Name, maps.Keys(names)); near != "" {
			err = fmt.Errorf("%w; did you mean %q?", err, near)
		}
		return err
	}
	return nil
}

// writeAffected writes an image if it has a package that is looked for, and the architectures on which it does.
func writeAffected(w io.Writer, image buildgraph.Image, graphs []*lockgraph.Graph, wanted []apkconstraint.Constraint) bool {
	var found []string // "name version"
	archs := make(map[string][]string)
	for _, g := range graphs {
		for _, name := range g.Closure(image.Packages) {
			p := g.Package(name)
			if !isWanted(p, wanted) {
				continue
			}
			key := p.Name + " " + p.Version
			if archs[key] == nil {
				found = append(found, key)
			}
			archs[key] = append(archs[key], g.Arch)
		}
	}
	if len(found) == 0 {
		return false
	}
	slices.Sort(found)
	fmt.Fprintln(w, image.Label)
	for _, key := range found {
		fmt.Fprintf(w, "  has %s (%s)\n", key, strings.Join(archs[key], ", "))
	}
	for _, push := range image.Pushes {
		fmt.Fprintf(w, "  push: bazel run %s\n", push.Label)
	}
	return true
}
