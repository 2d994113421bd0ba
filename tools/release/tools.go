package main

import (
	"archive/tar"
	"bytes"
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ulikunitz/xz"
)

// platform is what tools are built for, by Go's names.
type platform struct{ os, arch string }

func (p platform) String() string { return p.os + "_" + p.arch }

func platforms() []platform {
	return []platform{{"darwin", "amd64"}, {"darwin", "arm64"}, {"linux", "amd64"}, {"linux", "arm64"}}
}

func platformNames() []string {
	var names []string
	for _, p := range platforms() {
		names = append(names, p.String())
	}
	return names
}

func findPlatform(name string) (platform, error) {
	for _, p := range platforms() {
		if p.String() == name {
			return p, nil
		}
	}
	return platform{}, fmt.Errorf("platform is %q, want one of %s", name, strings.Join(platformNames(), ", "))
}

// tool is one program for one platform.
type tool struct {
	name string
	data []byte
	info *buildinfo.BuildInfo
}

// toolset is all programs for one platform, in one archive: apart from each other they are twice as large.
type toolset struct {
	platform platform
	tools    []tool
	archive  asset
}

// toolNames are the programs: the folders of tools/cmd with a main.go.
func toolNames(checkout string) ([]string, error) {
	mains, err := filepath.Glob(filepath.Join(checkout, "tools", "cmd", "*", "main.go"))
	if err != nil {
		return nil, err
	}
	if len(mains) == 0 {
		return nil, fmt.Errorf("%s has no tools/cmd/*/main.go, want a checkout of rules_apk", checkout)
	}
	var names []string
	for _, main := range mains {
		names = append(names, filepath.Base(filepath.Dir(main)))
	}
	return names, nil
}

// buildTools compiles all programs for a platform and writes their archive.
func buildTools(ctx context.Context, checkout string, r *release, p platform) (*toolset, error) {
	names, err := toolNames(checkout)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "rules_apk-release-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	packages := make([]string, len(names))
	for i, name := range names {
		packages[i] = "./tools/cmd/" + name
	}
	// No path, no commit, no symbols and no C: nothing of this machine is in the result.
	build := exec.CommandContext(ctx, "go", slices.Concat(
		[]string{"build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", dir}, packages)...)
	build.Dir = checkout
	build.Env = append(buildEnvironment(os.Environ()),
		"GOOS="+p.os, "GOARCH="+p.arch, "GOAMD64=v1", "GOARM64=v8.0", "CGO_ENABLED=0", "GOFLAGS=", "GOEXPERIMENT=", "GOWORK=off", "GOFIPS140=off")
	if output, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building for %s: %w\n%s", p, err, output)
	}
	set := &toolset{platform: p}
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		info, err := buildinfo.Read(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		set.tools = append(set.tools, tool{name, data, info})
	}
	archive, err := set.pack()
	if err != nil {
		return nil, err
	}
	set.archive, err = r.add(fmt.Sprintf("rules_apk-tools-v%s-%s.tar.xz", r.version, p), archive)
	return set, err
}

// buildEnvironment is an environment without what changes a build's result.
func buildEnvironment(environment []string) []string {
	return slices.DeleteFunc(slices.Clone(environment), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return strings.HasPrefix(name, "GO") &&
			!slices.Contains([]string{"GOPATH", "GOCACHE", "GOMODCACHE", "GOROOT", "GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GOTOOLCHAIN"}, name)
	})
}

// pack makes the archive. Its window spans all programs: what they have in common is in it once. Not zstd, which not
// every distribution's Bazel can read.
func (s *toolset) pack() ([]byte, error) {
	var out bytes.Buffer
	compressed, err := xz.WriterConfig{DictCap: 64 << 20}.NewWriter(&out)
	if err != nil {
		return nil, err
	}
	archive := tar.NewWriter(compressed)
	for _, t := range s.tools {
		if err := writeTarFile(archive, t.name, 0o755, t.data); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	if err := compressed.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func writeTarFile(w *tar.Writer, name string, mode int64, data []byte) error {
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(data)), Format: tar.FormatPAX}); err != nil {
		return err
	}
	_, err := w.Write(data)
	return err
}

// writeTable writes what programs there are, and their sums, for whoever takes them one by one.
func writeTable(r *release, sets []*toolset) error {
	type program struct {
		Size   int    `json:"size"`
		SHA256 string `json:"sha256"`
	}
	type entry struct {
		URL      string             `json:"url"`
		Size     int                `json:"size"`
		SHA256   string             `json:"sha256"`
		Go       string             `json:"go"`
		Programs map[string]program `json:"programs"`
	}
	table := map[string]entry{}
	for _, s := range sets {
		e := entry{r.url(s.archive), s.archive.size, s.archive.sha256, s.tools[0].info.GoVersion, map[string]program{}}
		for _, t := range s.tools {
			e.Programs[t.name] = program{len(t.data), hexSum(t.data)}
		}
		table[s.platform.String()] = e
	}
	return r.addJSON(fmt.Sprintf("rules_apk-tools-v%s.json", r.version), table)
}
