package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/rules-apk/rules_apk/tools/internal/apk/adb"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/fetch"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkrepo"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkresolve"
	"github.com/rules-apk/rules_apk/tools/internal/lock/locker"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

// advice returns what to do about an error, or "".
func advice(err error) string {
	if text := adviceByType(err); text != "" {
		return text
	}
	for _, known := range []struct {
		target error
		hint   string
	}{
		{apksign.ErrUnknownKey, "if you trust that key, add its file or URL to the keyring in apk.yaml (resolve: --keyring)"},
		{apksign.ErrUnsigned, "sign the index with abuild-sign or melange sign-index, and add the public key to the keyring"},
		{apksign.ErrBad, "the file was changed after it was signed, or the key in the keyring is another of the same name: compare the key with the publisher's"},
		{apksign.ErrUnsignedPart, "builders do not write such files: somebody has changed it on its way; compare it with another mirror's, and tell the publisher"},
		{adb.ErrVersion3, "point apk.yaml at a repository of version 2 packages"},
		{lockfile.ErrEmpty, "write a new lock: " + command(os.Getenv, "lock", "")},
		{context.Canceled, "the lock is as it was before"},
		{context.DeadlineExceeded, "try again, or list a mirror in apk.yaml"},
		{fetch.ErrNotFound, "check the URL or path (relative ones start at the folder of apk.yaml); a repository holds ARCH/APKINDEX.tar.gz"},
	} {
		if errors.Is(err, known.target) {
			return known.hint
		}
	}
	return ""
}

func adviceByType(err error) string {
	var deleted *apkrepo.Deleted
	if errors.As(err, &deleted) {
		return fmt.Sprintf("if its index is being updated, try again later; for the version that the repository has now, run: %s; to keep what is locked, keep a copy: %s",
			command(os.Getenv, "update", deleted.Name), command(os.Getenv, "mirror", "DIR"))
	}
	var status *fetch.StatusError
	if errors.As(err, &status) && status.Refused() {
		return "write the host's login to ~/.netrc, set HTTP_AUTH, or name a program with --credential-helper (docs/credentials.md)"
	}
	var plain *apkrepo.PlainKey
	if errors.As(err, &plain) {
		return "name the key by https, or put its file, compared with the publisher's, beside apk.yaml; once a lock has the fingerprint, http will do"
	}
	var rollbacks locker.Rollbacks
	if errors.As(err, &rollbacks) {
		return "ask the repository's operator, or lock from another mirror; without --no-rollback this is a warning"
	}
	var unknown *apkresolve.UnknownName
	if errors.As(err, &unknown) {
		return "correct the name under packages in apk.yaml, or add the repository that has it"
	}
	var unsatisfiable *apkresolve.Unsatisfiable
	if errors.As(err, &unsatisfiable) {
		return "loosen or drop one of the constraints named above, or add a repository that has the wanted version"
	}
	var different *locker.DifferentVersions
	if errors.As(err, &different) {
		return "pin a version that all architectures have under packages in apk.yaml, or drop require_same_version"
	}
	return ""
}
