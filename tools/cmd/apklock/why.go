package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockgraph"
)

type graphOptions struct {
	lock, arch string
}

func (o *graphOptions) define(flags *flag.FlagSet) {
	flags.StringVar(&o.lock, "lock", "apk.lock.json", "lock `FILE`")
	flags.StringVar(&o.arch, "arch", "", "only this `ARCH`")
}

// graphs reads a lock and returns the graphs of the wanted architectures.
func (o *graphOptions) graphs(p *cli.Process) ([]*lockgraph.Graph, error) {
	lock, err := readLock(p, o.lock)
	if err != nil {
		return nil, err
	}
	archs, err := selectArchs(lock, o.arch)
	if err != nil {
		return nil, err
	}
	var graphs []*lockgraph.Graph
	for _, arch := range archs {
		g, err := lockgraph.New(lock, arch)
		if err != nil {
			return nil, cli.Hinted(fmt.Errorf("%s: %w", o.lock, err), lockHint(p))
		}
		graphs = append(graphs, g)
	}
	return graphs, nil
}

func selectArchs(lock *lockfile.Lock, arch string) ([]string, error) {
	if arch == "" {
		return lock.Config.Archs, nil
	}
	if !slices.Contains(lock.Config.Archs, arch) {
		return nil, cli.Hinted(fmt.Errorf("arch %q is not in the lock; want one of %s", arch, strings.Join(lock.Config.Archs, ", ")), "add it under archs in apk.yaml and lock again")
	}
	return []string{arch}, nil
}

func whyCommand() cli.Command {
	return cli.Command{
		Name:      "why",
		Arguments: "NAME...",
		Summary:   "show what leads from the packages in apk.yaml to NAME, a locked package or what one provides",
		Example:   "apklock why libcrypto3\nbazel run @alpine//:why -- libcrypto3",
		Define: func(_ *cli.Process, flags *flag.FlagSet) cli.Action {
			var o graphOptions
			o.define(flags)
			return func(ctx context.Context, p *cli.Process, args []string) error {
				return why(o, args, p)
			}
		},
	}
}

func why(o graphOptions, names []string, p *cli.Process) error {
	graphs, err := o.graphs(p)
	if err != nil {
		return err
	}
	var out strings.Builder
	for _, name := range names {
		var missing error
		found := false
		for _, g := range graphs {
			packages, err := g.Find(name)
			var notLocked *lockgraph.NotLocked
			if errors.As(err, &notLocked) {
				missing = err
				continue
			}
			if err != nil {
				return err
			}
			found = true
			for _, each := range packages {
				explain(&out, g, name, each)
			}
		}
		// One architecture may well lack what another has.
		if !found {
			return missing
		}
	}
	_, err = io.WriteString(p.Stdout, out.String())
	return err
}

func explain(w io.Writer, g *lockgraph.Graph, asked, name string) {
	fmt.Fprintf(w, "%s %s (%s)", name, g.Package(name).Version, g.Arch)
	if asked != name {
		fmt.Fprintf(w, " provides %s", asked)
	}
	fmt.Fprintln(w)
	for _, chain := range g.Chains(name) {
		if len(chain) == 1 {
			fmt.Fprintf(w, "  %s is in apk.yaml\n", chain)
			continue
		}
		fmt.Fprintf(w, "  %s\n", chain)
	}
}
