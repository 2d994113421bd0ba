package apkrepo

import (
	"context"
	"fmt"
	"os"
	"path"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/urlpath"
	"github.com/rules-apk/rules_apk/tools/internal/verified"
)

// maxKey bounds a public key file.
const maxKey = 64 << 10

// ReadKeyring reads public keys from URLs, files, and directories of *.rsa.pub
// files.
func ReadKeyring(ctx context.Context, fetcher Fetcher, locations []string) (*apksign.Keyring, error) {
	keyring := &apksign.Keyring{}
	for _, location := range locations {
		if err := addKey(ctx, fetcher, keyring, location); err != nil {
			return nil, fmt.Errorf("keyring: %w", err)
		}
	}
	return keyring, nil
}

func addKey(ctx context.Context, fetcher Fetcher, keyring *apksign.Keyring, location string) error {
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
	if err := keyring.Add(name, verified.Trust(data, location)); err != nil {
		return fmt.Errorf("%s: %w", location, err)
	}
	return nil
}
