package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/rules-apk/rules_apk/tools/internal/lock/locker"
)

func outdatedCommand() command {
	return command{
		name:    "outdated",
		summary: "compare the locked versions with those that the repositories have now",
		example: "apklock outdated",
		define: func(flags *flag.FlagSet) action {
			var o repositoryOptions
			o.define(flags)
			return noArguments("outdated", func(ctx context.Context, stdout, stderr io.Writer) error {
				return outdated(ctx, o, stdout, stderr)
			})
		},
	}
}

func outdated(ctx context.Context, o repositoryOptions, stdout, stderr io.Writer) error {
	config, dir, err := readConfig(o.config)
	if err != nil {
		return err
	}
	lock, err := readLock(o.lock)
	if err != nil {
		return err
	}
	locker, err := o.locker(ctx, config, dir, &lines{stderr})
	if err != nil {
		return err
	}
	all, err := locker.Outdated(ctx, config, lock)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		_, err := fmt.Fprintln(stdout, "everything is up to date")
		return err
	}
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, p := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", p.Name, p.Locked, state(p), strings.Join(p.Archs, ", "))
	}
	return table.Flush()
}

func state(p locker.Outdated) string {
	switch {
	case p.Newest == "":
		return "gone"
	case p.Gone:
		return "gone, now " + p.Newest
	}
	return "-> " + p.Newest
}
