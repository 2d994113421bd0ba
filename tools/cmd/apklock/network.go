package main

import (
	"context"
	"path/filepath"
	"time"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/network"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/fetch"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkrepo"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

// keepPackages is how long a stored package is kept after its last use.
const keepPackages = 30 * 24 * time.Hour

// openNetwork returns a client for files and the store of packages that were read before, nil where there is no folder
// for it.
func openNetwork(p *cli.Process, o network.Options, say func(format string, args ...any)) (*fetch.Client, *fetch.Store, error) {
	n := &network.Network{Program: "apklock", Process: p, Say: say}
	client, err := n.Files(o)
	if err != nil {
		return nil, nil, err
	}
	cache := n.CacheDir()
	if cache == "" {
		return client, nil, nil
	}
	client.Copies = filepath.Join(cache, "indexes")
	store := &fetch.Store{Client: client, Dir: filepath.Join(cache, "packages")}
	// That the cache cannot be tidied up keeps nothing from being done without it.
	if err := store.Prune(time.Now().Add(-keepPackages)); err != nil {
		say("the cache is not tidied up: %v", err)
	}
	return client, store, nil
}

// openReader returns a reader of repositories that trusts the keys at these locations. The lock, which may be nil,
// knows keys.
func openReader(ctx context.Context, p *cli.Process, o network.Options, keys []string, lock *lockfile.Lock, say func(format string, args ...any)) (*apkrepo.Reader, error) {
	client, store, err := openNetwork(p, o, say)
	if err != nil {
		return nil, err
	}
	keyring, err := apkrepo.ReadKeyring(ctx, client, keys, lock.Fingerprints())
	if err != nil {
		return nil, err
	}
	return newReader(client, store, keyring), nil
}

func newReader(client *fetch.Client, store *fetch.Store, keyring *apksign.Keyring) *apkrepo.Reader {
	r := &apkrepo.Reader{Fetcher: client, Keyring: keyring}
	if store != nil {
		r.Store = store
	}
	return r
}
