package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkconfig"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

// workspacePath lets the path of a config or lock start at the workspace's root
// under "bazel run", whose working directory is elsewhere.
func workspacePath(path string) string { return startAt("BUILD_WORKSPACE_DIRECTORY", path) }

// workingPath lets other paths that people write start where they stand under
// "bazel run".
func workingPath(path string) string { return startAt("BUILD_WORKING_DIRECTORY", path) }

func startAt(variable, path string) string {
	dir := os.Getenv(variable)
	if dir == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// readConfig reads an apk.yaml and returns the folder that its relative paths
// start from.
func readConfig(path string) (config *apkconfig.Config, dir string, err error) {
	path = workspacePath(path)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", &hinted{fmt.Errorf("reading the config: %w", err), "write an apk.yaml (docs/formats.md shows one), or name it with --config"}
	}
	if err != nil {
		return nil, "", fmt.Errorf("reading the config: %w", err)
	}
	defer f.Close()
	config, err = apkconfig.Parse(f)
	if err != nil {
		return nil, "", &hinted{fmt.Errorf("%s: %w", path, err), "docs/formats.md describes apk.yaml"}
	}
	return config, filepath.Dir(path), nil
}

// writeLock replaces the lock at once: who reads it meanwhile, or interrupts,
// finds the old one whole.
func writeLock(path string, lock *lockfile.Lock) error {
	data, err := lockfile.Marshal(lock)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	path = workspacePath(path)
	// Renaming would replace a symbolic link, not what it points at.
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	return atomicfile.WriteBytes(path, data)
}

// readLock reads a lock.
func readLock(path string) (*lockfile.Lock, error) {
	data, err := os.ReadFile(workspacePath(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &hinted{fmt.Errorf("reading the lock: %w", err), lockHint}
	}
	if err != nil {
		return nil, fmt.Errorf("reading the lock: %w", err)
	}
	lock, err := lockfile.Parse(data)
	if err != nil {
		return nil, &hinted{fmt.Errorf("%s: %w", path, err), lockHint}
	}
	return lock, nil
}

// lockHint says how to make a lock anew.
const lockHint = "make the lock anew: bazel run @NAME//:lock, or apklock lock"
