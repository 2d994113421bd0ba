package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

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
func (o *graphOptions) graphs() ([]*lockgraph.Graph, error) {
	lock, err := readLock(o.lock)
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
			return nil, &hinted{fmt.Errorf("%s: %w", o.lock, err), lockHint}
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
		return nil, &hinted{
			fmt.Errorf("arch %q is not in the lock; want one of %s", arch, strings.Join(lock.Config.Archs, ", ")),
			"add it under archs in apk.yaml and lock again",
		}
	}
	return []string{arch}, nil
}

func whyCommand() command {
	return command{
		name:      "why",
		arguments: "NAME...",
		summary:   "show what leads from the packages in apk.yaml to NAME, a locked package or what one provides",
		example:   "apklock why libcrypto3\nbazel run @alpine//:why -- libcrypto3",
		define: func(flags *flag.FlagSet) action {
			var o graphOptions
			o.define(flags)
			return func(ctx context.Context, args []string, stdout, stderr io.Writer) error {
				if len(args) == 0 {
					return usagef("why: no NAME; want at least one (see: apklock why --help)")
				}
				return why(o, args, stdout)
			}
		},
	}
}

func why(o graphOptions, names []string, stdout io.Writer) error {
	graphs, err := o.graphs()
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
			for _, p := range packages {
				explain(&out, g, name, p)
			}
		}
		// One architecture may well lack what another has.
		if !found {
			return missing
		}
	}
	_, err = io.WriteString(stdout, out.String())
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
