package apkrepo

import (
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/urlpath"
	"github.com/rules-apk/rules_apk/tools/internal/verified"
)

// maxKey bounds a public key file.
const maxKey = 64 << 10

// ReadKeyring reads public keys from URLs, files, and directories of *.rsa.pub files. What comes over plain http is
// only taken if its fingerprint is among those that are known of its name (lockfile.Lock.Fingerprints).
func ReadKeyring(ctx context.Context, fetcher Fetcher, locations []string, known map[string][]string) (*apksign.Keyring, error) {
	keyring := &apksign.Keyring{}
	for _, location := range locations {
		if err := addKey(ctx, fetcher, keyring, location, known); err != nil {
			return nil, fmt.Errorf("keyring: %w", err)
		}
	}
	return keyring, nil
}

// A PlainKey is the error for a key that comes over plain http and is not known.
type PlainKey struct {
	Location, Name, Fingerprint string
	Known                       []string // fingerprints of that name
}

func (e *PlainKey) Error() string {
	why := "the lock knows no key of that name"
	if len(e.Known) > 0 {
		why = "the lock knows " + strings.Join(e.Known, ", ")
	}
	return fmt.Sprintf("%s: a key that comes over plain http may be anybody's; its fingerprint is %s, %s", e.Location, e.Fingerprint, why)
}

func addKey(ctx context.Context, fetcher Fetcher, keyring *apksign.Keyring, location string, known map[string][]string) error {
	if !urlpath.IsRemote(location) {
		dir, err := urlpath.Local(location)
		if err != nil {
			return err
		}
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			if err := keyring.AddFS(os.DirFS(dir)); err != nil {
				return fmt.Errorf("%s: %w", location, err)
			}
			return nil
		}
	}
	data, err := fetcher.ReadAll(ctx, maxKey, location)
	if err != nil {
		return err
	}
	// Keys in URLs may be escaped (%40); the name in signatures is not.
	name := path.Base(strings.ReplaceAll(location, "%40", "@"))
	if urlpath.Scheme(location) == "http" {
		fingerprint, err := apksign.FingerprintOf(data)
		if err != nil {
			return fmt.Errorf("%s: %w", urlpath.Redact(location), err)
		}
		if !slices.Contains(known[name], fingerprint) {
			return &PlainKey{urlpath.Redact(location), name, fingerprint, known[name]}
		}
	}
	if err := keyring.Add(name, verified.Trust(data, location)); err != nil {
		return fmt.Errorf("%s: %w", urlpath.Redact(location), err)
	}
	return nil
}
