// Command release makes a release of rules_apk out of this checkout: the tools for each platform, the source archive
// that Bazel fetches, the entry for the Bazel Central Registry, checksums and a bill of materials (docs/releasing.md).
// The same checkout and Go release give the same bytes, in any folder.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "release: error: %v\n", err)
		os.Exit(1)
	}
}

// settings is what the flags say.
type settings struct {
	checkout  string
	out       string
	baseURL   string
	platforms []platform
}

func parseFlags(args []string) (*settings, error) {
	s := &settings{}
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	flags.StringVar(&s.checkout, "checkout", ".", "folder of the checkout")
	flags.StringVar(&s.out, "out", "", "folder for the release; it must not exist")
	flags.StringVar(&s.baseURL, "base-url", "", "where the release's files will be; default: the release's page at GitHub")
	names := flags.String("platforms", strings.Join(platformNames(), ","), "the platforms to build tools for")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if s.out == "" || flags.NArg() > 0 {
		return nil, errors.New("usage: release --out=DIR [--platforms=linux_amd64,...] [--base-url=URL] [--checkout=DIR]")
	}
	for _, name := range strings.Split(*names, ",") {
		p, err := findPlatform(name)
		if err != nil {
			return nil, err
		}
		s.platforms = append(s.platforms, p)
	}
	return s, nil
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	s, err := parseFlags(args)
	if err != nil {
		return err
	}
	module, err := readModule(filepath.Join(s.checkout, "MODULE.bazel"))
	if err != nil {
		return err
	}
	if err := checkChangelog(filepath.Join(s.checkout, "CHANGELOG.md"), module.version); err != nil {
		return err
	}
	if s.baseURL == "" {
		s.baseURL = repositoryURL + "/releases/download/v" + module.version
	}
	if err := os.Mkdir(s.out, 0o755); err != nil {
		return err
	}
	r := &release{dir: s.out, baseURL: s.baseURL, version: module.version}

	var sets []*toolset
	for _, p := range s.platforms {
		set, err := buildTools(ctx, s.checkout, r, p)
		if err != nil {
			return err
		}
		sets = append(sets, set)
	}
	released, err := module.released(r, sets)
	if err != nil {
		return err
	}
	source, err := writeSource(ctx, s.checkout, r, released, sets)
	if err != nil {
		return err
	}
	if err := writeRegistryEntry(r, released, source); err != nil {
		return err
	}
	if err := writeTable(r, sets); err != nil {
		return err
	}
	if err := writeBillOfMaterials(r, sets); err != nil {
		return err
	}
	if err := r.writeChecksums(); err != nil {
		return err
	}
	for _, a := range r.assets {
		fmt.Fprintf(stdout, "%s  %9d  %s\n", a.sha256, a.size, a.name)
	}
	return nil
}

// checkChangelog fails if a version has no section, which is what users read.
func checkChangelog(path, version string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for _, line := range strings.Split(string(text), "\n") {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "##" && fields[1] == version {
			return nil
		}
	}
	return fmt.Errorf("%s: no section %q, want one that tells what is new", path, "## "+version)
}
