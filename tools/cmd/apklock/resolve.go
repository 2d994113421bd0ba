package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli/progress"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/network"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkconfig"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkrepo"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkresolve"
	"github.com/rules-apk/rules_apk/tools/internal/urlpath"
)

type resolveOptions struct {
	repositories, keyring cli.List
	arch                  string
	names                 []string
	network.Options
}

func resolveCommand() cli.Command {
	return cli.Command{
		Name:      "resolve",
		Arguments: "NAME...",
		Summary:   "print the name and version of every package that NAME... need, in install order",
		Example: "apklock resolve --repository https://dl-cdn.alpinelinux.org/alpine/v3.19/main \\\n" +
			"    --keyring /etc/apk/keys --arch x86_64 openssl 'busybox>1.36'",
		Define: func(_ *cli.Process, flags *flag.FlagSet) cli.Action {
			var o resolveOptions
			flags.Var(&o.repositories, "repository", "`URL` or path of a repository, or \"@tag URL\"; may be repeated, in order")
			flags.Var(&o.keyring, "keyring", "public key `FILE`, folder of them, or URL; may be repeated")
			flags.StringVar(&o.arch, "arch", "", "`ARCH` by apk's name, such as x86_64")
			o.Options.Define(flags)
			return func(ctx context.Context, p *cli.Process, args []string) error {
				o.names = args
				if err := o.check(); err != nil {
					return err
				}
				return resolve(ctx, o, p)
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
	} {
		if required.missing {
			return cli.Usagef("resolve: no %s; want at least one (see: apklock resolve --help)", required.flag)
		}
	}
	return nil
}

func resolve(ctx context.Context, o resolveOptions, p *cli.Process) error {
	request := apkresolve.Request{Arch: o.arch}
	for _, name := range o.names {
		c, err := apkconstraint.Parse(name)
		if err != nil {
			return cli.Usagef("resolve: %v", err)
		}
		request.World = append(request.World, c)
	}
	here := p.Path(".")
	var keys []string
	for _, location := range o.keyring {
		keys = append(keys, urlpath.From(here, location))
	}
	reader, err := openReader(ctx, p, o.Options, keys, nil, progress.New("apklock", p.Stderr).Say)
	if err != nil {
		return err
	}
	repositories := make([]apkconfig.Repository, len(o.repositories))
	for i, text := range o.repositories {
		if repositories[i], err = apkconfig.ParseRepository(text); err != nil {
			return cli.Usagef("resolve: --repository: %v", err)
		}
	}
	request.Repositories = make([]apkresolve.Repository, len(o.repositories))
	group, ctx := errgroup.WithContext(ctx)
	for i, repository := range repositories {
		group.Go(func() error {
			location := strings.TrimRight(urlpath.From(here, repository.URL), "/")
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
	for _, each := range solution.Packages {
		fmt.Fprintf(&out, "%s %s\n", each.Name, each.Version)
	}
	_, err = io.WriteString(p.Stdout, out.String())
	return err
}
