package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkmirror"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkrepo"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

type mirrorOptions struct {
	repositoryOptions
	key string
}

func mirrorCommand() command {
	return command{
		name:      "mirror",
		arguments: "DIR",
		summary:   "copy every locked package, and an index, to DIR in repository layout",
		example: "apklock mirror --key mirror.rsa /srv/apk\n" +
			"# then, in apk.yaml, under the repository's url:\n#   mirrors: [file:///srv/apk]",
		define: func(flags *flag.FlagSet) action {
			var o mirrorOptions
			o.define(flags)
			flags.StringVar(&o.key, "key", "", "private RSA key `FILE`, NAME.rsa, that signs an index of the locked packages as NAME.rsa.pub")
			return func(ctx context.Context, args []string, stdout, stderr io.Writer) error {
				if len(args) != 1 {
					return usagef("mirror: got %q, want one DIR (see: apklock mirror --help)", args)
				}
				return mirror(ctx, o, workingPath(args[0]), stdout, stderr)
			}
		},
	}
}

func mirror(ctx context.Context, o mirrorOptions, dir string, stdout, stderr io.Writer) error {
	lock, err := readLock(o.lock)
	if err != nil {
		return err
	}
	signer, err := readSigner(o.key)
	if err != nil {
		return err
	}
	show := newDisplay(stderr)
	defer show.Close()
	n, err := o.open(show)
	if err != nil {
		return err
	}
	m := &apkmirror.Mirror{
		Reader: n.newReader(&apksign.Keyring{}), Base: filepath.Dir(workspacePath(o.config)), Dir: dir, Jobs: jobs, Signer: signer, Progress: show,
	}
	trust, err := m.Write(ctx, lock)
	if err != nil {
		return err
	}
	if err := show.Close(); err != nil {
		return err
	}
	describeMirror(stdout, dir, lock, trust, o.key)
	return nil
}

// readSigner returns nil without a key.
func readSigner(path string) (*apksign.Signer, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(workingPath(path))
	if err != nil {
		return nil, fmt.Errorf("reading the signing key: %w", err)
	}
	signer, err := apksign.NewSigner(data, filepath.Base(path)+".pub", apksign.RSASHA256)
	if err != nil {
		return nil, &hinted{err, "make one: openssl genrsa -out NAME.rsa 4096; openssl rsa -in NAME.rsa -pubout -out NAME.rsa.pub"}
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
	fmt.Fprintf(w, "mirrored %s in %s\n", count(len(lock.Packages), "package"), dir)
}
