package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli/progress"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/network"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkmirror"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkrepo"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
	"github.com/rules-apk/rules_apk/tools/internal/urlpath"
)

type mirrorOptions struct {
	repositoryOptions
	key string
}

func mirrorCommand() cli.Command {
	return cli.Command{
		Name:      "mirror",
		Arguments: "DIR",
		Summary:   "copy every locked package, and an index, to DIR in repository layout",
		Example: "apklock mirror --key mirror.rsa /srv/apk\n" +
			"# then, in apk.yaml, under the repository's url:\n#   mirrors: [file:///srv/apk]",
		Define: func(_ *cli.Process, flags *flag.FlagSet) cli.Action {
			var o mirrorOptions
			o.define(flags)
			flags.StringVar(&o.key, "key", "", "private RSA key `FILE`, NAME.rsa, that signs an index of the locked packages as NAME.rsa.pub")
			return func(ctx context.Context, p *cli.Process, args []string) error {
				return mirror(ctx, o, p.Path(args[0]), p)
			}
		},
	}
}

func mirror(ctx context.Context, o mirrorOptions, dir string, p *cli.Process) error {
	lock, err := readLock(p, o.lock)
	if err != nil {
		return err
	}
	signer, err := readSigner(p, o.key)
	if err != nil {
		return err
	}
	show := newDisplay(p)
	defer show.Close()
	client, store, err := openNetwork(p, o.Options, show.Say)
	if err != nil {
		return err
	}
	base := filepath.Dir(p.WorkspacePath(o.config))
	m := &apkmirror.Mirror{
		Reader: newReader(client, store, &apksign.Keyring{}), Base: base, Dir: dir, Jobs: network.Jobs, Signer: signer, Progress: show,
		Keyring: func() (*apksign.Keyring, error) {
			var keys []string
			for _, location := range lock.Config.Keyring {
				keys = append(keys, urlpath.From(base, location))
			}
			return apkrepo.ReadKeyring(ctx, client, keys, lock.Fingerprints())
		},
	}
	trust, err := m.Write(ctx, lock)
	if err != nil {
		return err
	}
	show.Close()
	describeMirror(p.Stdout, dir, lock, trust, o.key)
	return nil
}

// readSigner returns nil without a key.
func readSigner(p *cli.Process, path string) (*apksign.Signer, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(p.Path(path))
	if err != nil {
		return nil, fmt.Errorf("reading the signing key: %w", err)
	}
	signer, err := apksign.NewSigner(data, filepath.Base(path)+".pub", apksign.RSASHA256)
	if err != nil {
		return nil, cli.Hinted(err, "make one: openssl genrsa -out NAME.rsa 4096; openssl rsa -in NAME.rsa -pubout -out NAME.rsa.pub")
	}
	return signer, nil
}

func describeMirror(w io.Writer, dir string, lock *lockfile.Lock, trust map[string]apkmirror.Trust, key string) {
	for _, arch := range lock.Config.Archs {
		index := filepath.Join(dir, arch, apkrepo.IndexName)
		switch trust[arch] {
		case apkmirror.Original:
			fmt.Fprintf(w, "%s is the locked index, signed by its publisher\n", index)
		case apkmirror.Signed:
			fmt.Fprintf(w, "%s lists the locked packages, signed by %s.pub\n", index, filepath.Base(key))
		default:
			fmt.Fprintf(w, "%s is not signed: builds can use the mirror, as the lock vouches for its packages; to lock from it, sign it with --key\n", index)
		}
	}
	fmt.Fprintf(w, "mirrored %s in %s\n", progress.Count(len(lock.Packages), "package"), dir)
}
