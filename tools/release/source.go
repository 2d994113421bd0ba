package main

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// released are the files and folders that users' Bazel reads, and those that say what it is.
var released = []string{
	"BUILD.bazel", "CHANGELOG.md", "LICENSE", "MODULE.bazel", "README.md", "apk", "e2e/smoke", "oci",
	"tools/BUILD.bazel", "tools/defs.bzl", "tools/prebuilt.bzl", "tools/private",
}

// isReleased tells whether a file of the checkout belongs into the source archive: no Go, no tests.
func isReleased(name string) bool {
	if !slices.ContainsFunc(released, func(p string) bool { return name == p || strings.HasPrefix(name, p+"/") }) {
		return false
	}
	return !strings.Contains(name, "/tests/") && path.Ext(name) != ".go"
}

// writeSource writes the archive that Bazel fetches: the files of the checkout that are Bazel's, with a MODULE.bazel
// and a table of tools of their own.
func writeSource(ctx context.Context, checkout string, r *release, module []byte, sets []*toolset) (asset, error) {
	list := exec.CommandContext(ctx, "git", "ls-files", "-z")
	list.Dir = checkout
	output, err := list.Output()
	if err != nil {
		return asset{}, fmt.Errorf("git ls-files in %s: %w", checkout, err)
	}
	names := slices.DeleteFunc(strings.Split(strings.TrimSuffix(string(output), "\x00"), "\x00"), func(name string) bool { return !isReleased(name) })
	slices.Sort(names)
	own := map[string][]byte{"MODULE.bazel": module, "tools/prebuilt.bzl": prebuiltTable(sets)}

	var out bytes.Buffer
	compressed, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return asset{}, err
	}
	archive := tar.NewWriter(compressed)
	for _, name := range names {
		data, isOwn := own[name]
		if !isOwn {
			if data, err = os.ReadFile(filepath.Join(checkout, name)); err != nil {
				return asset{}, err
			}
		}
		delete(own, name)
		if err := writeTarFile(archive, r.prefix()+"/"+name, 0o644, data); err != nil {
			return asset{}, err
		}
	}
	if len(own) > 0 {
		return asset{}, fmt.Errorf("%s lacks a file that a release replaces: %v", checkout, slices.Sorted(maps.Keys(own)))
	}
	if err := archive.Close(); err != nil {
		return asset{}, err
	}
	if err := compressed.Close(); err != nil {
		return asset{}, err
	}
	return r.add(r.sourceName(), out.Bytes())
}

func (r *release) prefix() string { return "rules_apk-" + r.version }

func (r *release) sourceName() string { return "rules_apk-v" + r.version + ".tar.gz" }

// prebuiltTable is tools/prebuilt.bzl of the release.
func prebuiltTable(sets []*toolset) []byte {
	var text strings.Builder
	text.WriteString("\"\"\"The platforms that this copy of rules_apk has prebuilt tools for. Written by tools/release.\"\"\"\n\n" +
		"visibility(\"//tools/...\")\n\nPREBUILT = [\n")
	for _, s := range sets {
		fmt.Fprintf(&text, "    %q,\n", s.platform)
	}
	text.WriteString("]\n")
	return []byte(text.String())
}
