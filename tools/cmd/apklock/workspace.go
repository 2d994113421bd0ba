package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkconfig"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

// readConfig reads an apk.yaml and returns the folder that its relative paths start from.
func readConfig(p *cli.Process, path string) (config *apkconfig.Config, dir string, err error) {
	path = p.WorkspacePath(path)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", cli.Hinted(fmt.Errorf("reading the config: %w", err), "write an apk.yaml (docs/formats.md shows one), or name it with --config")
	}
	if err != nil {
		return nil, "", fmt.Errorf("reading the config: %w", err)
	}
	defer f.Close()
	config, err = apkconfig.Parse(f)
	if err != nil {
		return nil, "", cli.Hinted(fmt.Errorf("%s: %w", path, err), "docs/formats.md describes apk.yaml")
	}
	return config, filepath.Dir(path), nil
}

// writeLock replaces the lock at once: who reads it meanwhile, or interrupts, finds the old one whole.
func writeLock(p *cli.Process, path string, lock *lockfile.Lock) error {
	data, err := lockfile.Marshal(lock)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	path = p.WorkspacePath(path)
	// Renaming would replace a symbolic link, not what it points at.
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	return atomicfile.WriteBytes(path, data)
}

// readLock reads a lock.
func readLock(p *cli.Process, path string) (*lockfile.Lock, error) {
	data, err := os.ReadFile(p.WorkspacePath(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, cli.Hinted(fmt.Errorf("reading the lock: %w", err), lockHint(p))
	}
	if err != nil {
		return nil, fmt.Errorf("reading the lock: %w", err)
	}
	lock, err := lockfile.Parse(data)
	if err != nil {
		return nil, cli.Hinted(fmt.Errorf("%s: %w", path, err), lockHint(p))
	}
	return lock, nil
}

// lockHint says how to write a new lock.
func lockHint(p *cli.Process) string {
	return fmt.Sprintf("write a new lock: %s", command(p.Getenv, "lock", ""))
}

// command is how to run a subcommand, as the user who reads it would: a hub's targets tell the hub's name.
func command(getenv func(string) string, name, arguments string) string {
	text := "apklock " + name
	if hub := getenv("APKLOCK_HUB"); hub != "" {
		text = fmt.Sprintf("bazel run @%s//:%s", hub, name)
		if arguments != "" {
			text += " --"
		}
	}
	return strings.TrimSpace(text + " " + arguments)
}
