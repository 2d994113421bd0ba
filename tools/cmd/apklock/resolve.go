package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkconfig"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkrepo"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkresolve"
)

type resolveOptions struct {
	repositories, keyring listFlag
	arch                  string
	names                 []string
	networkOptions
}

func resolveCommand() command {
	return command{
		name:      "resolve",
		arguments: "NAME...",
		summary:   "print the name and version of every package that NAME... need, in install order",
		example: "apklock resolve --repository https://dl-cdn.alpinelinux.org/alpine/v3.19/main \\\n" +
			"    --keyring /etc/apk/keys --arch x86_64 openssl 'busybox>1.36'",
		define: func(flags *flag.FlagSet) action {
			var o resolveOptions
			flags.Var(&o.repositories, "repository", "`URL` or path of a repository, or \"@tag URL\"; may be repeated, in order")
			flags.Var(&o.keyring, "keyring", "public key `FILE`, folder of them, or URL; may be repeated")
			flags.StringVar(&o.arch, "arch", "", "`ARCH` by apk's name, such as x86_64")
			o.networkOptions.define(flags)
			return func(ctx context.Context, args []string, stdout, stderr io.Writer) error {
				o.names = args
				if err := o.check(); err != nil {
					return err
				}
				return resolve(ctx, o, stdout, stderr)
			}
		},
	}
}

func (o resolveOptions) check() error {
	for _, required := range []struct {
		missing bool
		flag    string
	}{
		{len(o.repositories) == 0, "--repository"},
		{len(o.keyring) == 0, "--keyring"},
		{o.arch == "", "--arch"},
		{len(o.names) == 0, "NAME"},
	} {
		if required.missing {
			return usagef("resolve: no %s; want at least one (see: apklock resolve --help)", required.flag)
		}
	}
	return nil
}

func resolve(ctx context.Context, o resolveOptions, stdout, stderr io.Writer) error {
	request := apkresolve.Request{Arch: o.arch}
	for _, name := range o.names {
		c, err := apkconstraint.Parse(name)
		if err != nil {
			return usagef("resolve: %v", err)
		}
		request.World = append(request.World, c)
	}
	n, err := o.open(stderr)
	if err != nil {
		return err
	}
	var keys []string
	for _, location := range o.keyring {
		keys = append(keys, workingLocation(location))
	}
	reader, err := n.reader(ctx, keys)
	if err != nil {
		return err
	}
	repositories := make([]apkconfig.Repository, len(o.repositories))
	for i, text := range o.repositories {
		if repositories[i], err = apkconfig.ParseRepository(text); err != nil {
			return usagef("resolve: --repository: %v", err)
		}
	}
	request.Repositories = make([]apkresolve.Repository, len(o.repositories))
	group, ctx := errgroup.WithContext(ctx)
	for i, repository := range repositories {
		group.Go(func() error {
			location := strings.TrimRight(workingLocation(repository.URL), "/")
			index, err := reader.Index(ctx, apkrepo.Repository{Locations: []string{location}}, o.arch)
			if err != nil {
				return err
			}
			request.Repositories[i] = apkresolve.Repository{URL: location, Tag: repository.Tag, Packages: index.Packages}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	solution, err := apkresolve.Resolve(request)
	if err != nil {
		return err
	}
	var out strings.Builder
	for _, p := range solution.Packages {
		fmt.Fprintf(&out, "%s %s\n", p.Name, p.Version)
	}
	_, err = io.WriteString(stdout, out.String())
	return err
}

// workingLocation is workingPath for what may be a URL.
func workingLocation(location string) string {
	if strings.Contains(location, "://") {
		return location
	}
	return workingPath(location)
}
