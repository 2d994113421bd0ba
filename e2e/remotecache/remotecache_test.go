// Package remotecache builds images of real packages with a remote cache and packages fetched by actions, as an
// organisation's CI machines would.
package remotecache

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/filehost"
	"github.com/rules-apk/rules_apk/e2e/internal/nginxcache"
	"github.com/rules-apk/rules_apk/e2e/internal/rebuild"
	"github.com/rules-apk/rules_apk/e2e/internal/registry"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

// org is an organisation: a package server, a remote cache, a workspace.
type org struct {
	w       *workspace.Workspace
	host    *filehost.Host
	served  string // the folder that host serves
	cache   *nginxcache.Cache
	kept    nginxcache.Kept
	builder *rebuild.Builder
	release int
	apklock string
	shared  string
}

func TestRemoteCache(t *testing.T) {
	o := newOrg(t)
	o.w.Bazel(t, "build", "//prebuilt") // what is no image's

	o.build(t, map[string]int{"ApkFacts": o.count(t), "ApkSystemLayer": 1, "OciManifest": 1}, "//:large")
	if grown := o.grown(t); grown.Bytes >= 2_000_000 {
		t.Errorf("the first image's build added %d bytes to the cache, want less than 2 MB", grown.Bytes)
	}
	o.noPackages(t)
	o.build(t, map[string]int{"ApkSystemLayer": 2, "OciManifest": 2}, "//:small", "//:without")
	o.grown(t)

	o.bump(t)
	o.build(t, map[string]int{"ApkFacts": 1, "ApkSystemLayer": 1, "OciManifest": 1}, "//:large")
	if grown := o.grown(t); grown.Bytes >= 100_000 {
		t.Errorf("the build after one package was bumped added %d bytes to the cache, want less than 100 kB", grown.Bytes)
	}
	o.build(t, map[string]int{"ApkSystemLayer": 1, "OciManifest": 1}, "//:small", "//:without")
	o.noPackages(t)

	o.w.NewBase(t)
	o.host.Take()
	o.host.SwitchOff()
	o.build(t, map[string]int{}, "//:large", "//:small", "//:without")
	if paths := o.host.Take().Paths; len(paths) != 0 {
		t.Errorf("the second output base asked the package server for %q, want nothing", paths)
	}
	o.host.SwitchOn()
	t.Run("push", o.push)
}

// build builds targets and compares the actions of rules_apk that ran, by mnemonic.
func (o *org) build(t *testing.T, want map[string]int, targets ...string) {
	t.Helper()
	ran := map[string]int{}
	for _, spawn := range o.w.Spawns(t, targets...) {
		if strings.HasPrefix(spawn.Mnemonic, "Apk") || strings.HasPrefix(spawn.Mnemonic, "Oci") {
			ran[spawn.Mnemonic]++
		}
	}
	if !maps.Equal(ran, want) {
		t.Errorf("the build of %q ran %v, want %v", targets, ran, want)
	}
}

// grown is by what the cache grew since the last call.
func (o *org) grown(t *testing.T) nginxcache.Kept {
	t.Helper()
	kept, err := o.cache.Kept()
	if err != nil {
		t.Fatal(err)
	}
	grown := nginxcache.Kept{Entries: kept.Entries - o.kept.Entries, Bytes: kept.Bytes - o.kept.Bytes}
	o.kept = kept
	t.Logf("the cache grew by %d entries, %d bytes", grown.Entries, grown.Bytes)
	return grown
}

// push pushes from the second output base, which has no package: what the registry lacks is fetched from the package
// server, and nothing else.
func (o *org) push(t *testing.T) {
	r := registry.Build(t).Start(t, registry.Options{})
	packages := func(push string) []string {
		o.w.Bazel(t, "run", "--disk_cache="+workspace.ToolCache(t), push, "--", "--repository="+r.Host+"/image")
		paths := o.host.Take().Paths
		slices.Sort(paths)
		return paths
	}
	all, inSmall := o.locked(t), o.layerURLs(t, "//:small")
	if got := packages("//:push_small"); !slices.Equal(got, inSmall) {
		t.Errorf("the first push fetched\n%q, want the small image's packages\n%q", got, inSmall)
	}
	missing := slices.DeleteFunc(all, func(path string) bool { return slices.Contains(inSmall, path) })
	if got := packages("//:push_large"); !slices.Equal(got, missing) {
		t.Errorf("the second push fetched\n%q, want what the small image has not\n%q", got, missing)
	}
	if got := packages("//:push_large"); len(got) != 0 {
		t.Errorf("a push of what the registry has fetched %q", got)
	}
	if writes := r.Writes(); len(writes) == 0 {
		t.Error("nothing was written to the registry")
	}
}

// layerURLs are the paths on the package server of the layers of an image.
func (o *org) layerURLs(t *testing.T, target string) []string {
	t.Helper()
	manifest := o.w.Read(t, "bazel-bin/"+strings.TrimPrefix(target, "//:")+".manifest.json")
	var paths []string
	for _, p := range o.packages(t) {
		if strings.Contains(manifest, p.Layer) {
			paths = append(paths, strings.TrimPrefix(p.URL, o.host.URL))
		}
	}
	slices.Sort(paths)
	if len(paths) < 3 {
		t.Fatalf("%s has the packages %q, want more", target, paths)
	}
	return paths
}

// bump rebuilds zlib and locks it.
func (o *org) bump(t *testing.T) {
	t.Helper()
	o.publish(t)
	o.lock(t, "update", "zlib")
}

// noPackages checks that no package went into the cache: neither a file, nor a data section, nor a part of one in
// another file.
func (o *org) noPackages(t *testing.T) {
	t.Helper()
	type section struct{ name, middle string }
	var sections []section
	digests := map[string]string{}
	for _, p := range o.packages(t) {
		data, err := os.ReadFile(filepath.Join(o.served, strings.TrimPrefix(p.URL, o.host.URL)))
		if err != nil {
			t.Fatal(err)
		}
		digests[strings.TrimPrefix(p.SHA256, "sha256:")] = p.Name
		digests[strings.TrimPrefix(p.Layer, "sha256:")] = p.Name + "'s data section"
		offset, size := p.Sections.Data[0], p.Sections.Data[1]
		if size >= 1024 { // of less, a part may be anybody's
			middle := offset + size/2
			sections = append(sections, section{p.Name, string(data[middle : middle+128])})
		}
	}
	blobs, err := filepath.Glob(filepath.Join(o.cache.Dir, "cas", "*"))
	if err != nil || len(blobs) < 100 || len(sections) < 40 {
		t.Fatalf("%d blobs, %d sections, %v; want more", len(blobs), len(sections), err)
	}
	for _, blob := range blobs {
		if name, ok := digests[filepath.Base(blob)]; ok {
			t.Errorf("the cache has %s", name)
		}
		content, err := os.ReadFile(blob)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sections {
			if strings.Contains(string(content), s.middle) {
				t.Errorf("blob %s, %d bytes, has a part of %s's data section", filepath.Base(blob), len(content), s.name)
			}
		}
	}
}

func (o *org) count(t *testing.T) int {
	t.Helper()
	n := len(o.packages(t))
	if n < 60 {
		t.Fatalf("the lock has %d packages, want at least 60", n)
	}
	return n
}

func (o *org) locked(t *testing.T) []string {
	t.Helper()
	var paths []string
	for _, p := range o.packages(t) {
		paths = append(paths, strings.TrimPrefix(p.URL, o.host.URL))
	}
	slices.Sort(paths)
	return paths
}

// publish rebuilds zlib under its next release.
func (o *org) publish(t *testing.T) {
	t.Helper()
	o.release++
	old := filepath.Join(o.shared, "apk", "alpine", arch, "zlib-1.3.1-r0.apk")
	rebuilt, err := o.builder.Package(t.Context(), old, t.TempDir(), rebuild.Change{
		Version: fmt.Sprintf("1.3.1-r%d", o.release), BuildTime: 1_700_000_000 + int64(o.release),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := o.builder.Repository(t.Context(), filepath.Join(o.served, "rebuilt"), arch, rebuilt); err != nil {
		t.Fatal(err)
	}
}
