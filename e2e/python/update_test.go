package python

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/registry"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

// securityUpdate moves one library to its newest version: lock, image and registry change by that package and what
// tells of it.
func (e *env) securityUpdate(t *testing.T) {
	if e.library == "" {
		t.Skip("SKIPPED: apt has one version only of each library here")
	}
	r := registry.Build(t).Start(t, registry.Options{})
	push := func() { e.w.Bazel(t, "run", "//app:push", "--", "--repository="+r.Host+"/python") }
	oldLock := e.w.Read(t, "apk.lock.json")
	old := e.layout(t, "//images:index")
	push()
	if first := len(r.Writes()); first < 60 {
		t.Errorf("the first push made %d requests that write, want all layers of two images", first)
	}

	e.serve(e.after)
	e.timed(t, "bazel run @packages//:update -- "+e.library, nil, func() { e.w.Bazel(t, "run", "@packages//:update", "--", e.library) })
	newLock := e.w.Read(t, "apk.lock.json")
	was, is := e.changed(t, oldLock, newLock)
	e.diff(t, oldLock, newLock, was, is)

	e.timed(t, "build and push after the update", nil, push)
	writes := r.Writes()
	blobs, manifests := 0, 0
	for _, w := range writes {
		switch {
		case strings.HasPrefix(w, "PUT /v2/python/blobs/"):
			blobs++
		case strings.HasPrefix(w, "PUT /v2/python/manifests/"):
			manifests++
		}
	}
	// For each architecture the library's layer, the system layer, the config and the manifest; then the index, by its
	// digest and by its tag.
	if blobs != 2*3 || manifests != 2+2 {
		t.Errorf("the push wrote %d blobs and %d manifests, want 6 and 4: %q", blobs, manifests, writes)
	}
	e.sameLayers(t, old, e.layout(t, "//images:index"))
}

// changed checks that the locks differ in the library only, and returns its versions.
func (e *env) changed(t *testing.T, before, after string) (was, is string) {
	t.Helper()
	versions := func(lock string) (lines []string, version string) {
		for _, p := range locked(t, lock) {
			if p.Name == e.library {
				version = p.Version
				continue
			}
			lines = append(lines, fmt.Sprint(p))
		}
		return lines, version
	}
	oldLines, was := versions(before)
	newLines, is := versions(after)
	if !slices.Equal(oldLines, newLines) {
		t.Errorf("other packages changed too:\n%s\nbefore:\n%s", strings.Join(newLines, "\n"), strings.Join(oldLines, "\n"))
	}
	if was == "" || is == "" || was == is {
		t.Errorf("%s was %q and is %q, want another version", e.library, was, is)
	}
	return was, is
}

// diff checks what the lock's diff says to people.
func (e *env) diff(t *testing.T, before, after, was, is string) {
	t.Helper()
	dir := t.TempDir()
	for name, lock := range map[string]string{"before.json": before, "after.json": after} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(lock), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	apklock := program.Build(t, workspace.Checkout(t), "./tools/cmd/apklock")
	out := program.Run(t, apklock, "diff", filepath.Join(dir, "before.json"), filepath.Join(dir, "after.json"))
	t.Logf("apklock diff:\n%s", out)
	for _, want := range []string{e.library, was, is} {
		if !strings.Contains(out, want) {
			t.Errorf("the diff does not say %q:\n%s", want, out)
		}
	}
	for _, p := range locked(t, after) {
		if p.Name != e.library && strings.Contains(out, p.Name+" ") {
			t.Errorf("the diff speaks of %s:\n%s", p.Name, out)
		}
	}
}

// sameLayers checks that two layouts' images differ in two layers: the library's, in the middle, and the system layer,
// the last.
func (e *env) sameLayers(t *testing.T, before, after string) {
	t.Helper()
	for arch := range archs() {
		a, b := manifest(t, before, arch).Layers, manifest(t, after, arch).Layers
		if len(a) != len(b) {
			t.Fatalf("%s: %d layers, before %d", arch, len(b), len(a))
		}
		var differ []int
		for i := range a {
			if a[i].Digest != b[i].Digest {
				differ = append(differ, i)
			}
		}
		if len(differ) != 2 || differ[1] != len(a)-1 {
			t.Errorf("%s: layers %v of %d differ, want one package's and the system layer", arch, differ, len(a))
		}
	}
}
