// Package importgraph has no code but a test: which folder of tools may know which other.
package importgraph

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/rules-apk/rules_apk/"

// leaves are the packages that know nothing of this project but each other, and that all may know.
var leaves = []string{
	"internal/atomicfile", "internal/compressor", "internal/elffile", "internal/flagfile", "internal/imagepath", "internal/jsondoc",
	"internal/nearest", "internal/urlpath", "internal/verified",
}

// knows says, for each other folder below tools, which others its packages may import besides. What a folder holds may
// import the rest of it.
var knows = map[string][]string{
	"internal/entries": {},
	"internal/fetch":   {},

	// Formats of packages. A package's data is a layer, so that apk knows how layers are described, and oci knows no
	// package.
	"internal/apk":    {"internal/entries", "internal/oci/ocilayer"},
	"internal/oci":    {"internal/entries"},
	"internal/lock":   {"internal/apk"},
	"internal/system": {"internal/apk", "internal/oci/ocilayer"},
	"internal/deploy": {"internal/fetch", "internal/oci"},
	"internal/test":   {"internal/apk", "internal/oci", "internal/system", "rootfs"},
	// Of the end-to-end tests, too, which are a module of their own.
	"rootfs": {},

	"cmd/internal": {"internal/deploy", "internal/fetch"},
	// Programs put together what they need; of what they reach, see unreachable.
	"cmd":     {"cmd/internal", "internal"},
	"fuzz":    {},
	"release": {},
}

// unreachable says what a package or folder must not reach, not even through others.
var unreachable = map[string][]string{
	// In actions: no network.
	"cmd/ocibuild": {"net/http", "internal/fetch"},
	"cmd/ocitest":  {"net/http", "internal/fetch"},
	// Pushes and loads layers, whatever they hold.
	"cmd/ocideploy": {"internal/apk", "internal/lock", "internal/system"},
	"cmd/ocifetch":  {"internal/apk", "internal/lock", "internal/system"},
	// One package speaks HTTP; what is given to these opens what they read.
	"internal/apk":    {"net/http", "os/exec"},
	"internal/lock":   {"net/http", "os/exec", "internal/fetch"},
	"internal/oci":    {"net/http", "os/exec"},
	"internal/system": {"net/http", "os/exec"},
	// Resolving is a function of indexes and a request.
	"internal/lock/apkresolve": {"internal/urlpath", "internal/atomicfile", "internal/lock/apkrepo"},
	"internal/lock/sat":        {"internal", "fmt", "io", "os", "time", "math/rand"},
}

// speakers are the packages that may import net/http.
var speakers = []string{"cmd/internal/network", "internal/deploy/deploytest", "internal/deploy/registry", "internal/fetch"}

// helpers are for tests: no program reaches them.
var helpers = []string{"internal/apk/apkoracle", "internal/apk/apktest", "internal/deploy/deploytest", "internal/test/realpackages"}

type graph map[string][]string // by import path, tools' own without the module

// load asks go for every package that the module's programs and packages reach.
func load(t *testing.T) graph {
	t.Helper()
	root, err := exec.Command("go", "list", "-f={{.Path}}/ {{.Dir}}", "-m").Output()
	path, dir, _ := strings.Cut(strings.TrimSpace(string(root)), " ")
	if err != nil || path != module {
		t.Skipf("SKIPPED: go list does not work here, where the sources of the module are not: %v", err)
	}
	// go test takes a result from its cache while the files that the test itself looks at are the same. These go list
	// reads.
	err = filepath.WalkDir(filepath.Join(dir, "tools"), func(_ string, _ fs.DirEntry, err error) error { return err })
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports", module+"tools/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	g := graph{}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return g
		} else if err != nil {
			t.Fatal(err)
		}
		for i := range p.Imports {
			p.Imports[i] = short(p.Imports[i])
		}
		g[short(p.ImportPath)] = p.Imports
	}
}

func short(path string) string { return strings.TrimPrefix(path, module+"tools/") }

// own are the module's packages, sorted.
func (g graph) own() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(g)), func(p string) bool {
		return folderOf(p) == ""
	})
}

// in says whether a package is a folder's, or is it.
func in(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

// folders are those that the tables name.
func folders() []string { return slices.AppendSeq(slices.Clone(leaves), maps.Keys(knows)) }

// folderOf is the longest of folders that a package lies in, or "".
func folderOf(path string) string {
	best := ""
	for _, folder := range folders() {
		if in(path, folder) && len(folder) > len(best) {
			best = folder
		}
	}
	return best
}

// way gives how from reaches something for which to holds, or nil.
func (g graph) way(from string, to func(string) bool) []string {
	visited := map[string]bool{}
	var walk func(string) []string
	walk = func(p string) []string {
		if visited[p] {
			return nil
		}
		visited[p] = true
		if p != from && to(p) {
			return []string{p}
		}
		for _, next := range g[p] {
			if rest := walk(next); rest != nil {
				return append([]string{p}, rest...)
			}
		}
		return nil
	}
	return walk(from)
}

// isOwn says whether a package is one of tools: the standard library has an internal and a cmd, too.
func isOwn(g graph, path string) bool {
	_, known := g[path]
	return known && folderOf(path) != ""
}

func TestFoldersKnow(t *testing.T) {
	g := load(t)
	used := map[string]bool{}
	for _, p := range g.own() {
		folder := folderOf(p)
		used[folder] = true
		for _, imported := range g[p] {
			if !isOwn(g, imported) || in(imported, folder) {
				continue
			}
			allowed := leaves
			if !slices.Contains(leaves, folder) {
				allowed = slices.Concat(leaves, knows[folder])
			}
			if !slices.ContainsFunc(allowed, func(a string) bool { return in(imported, a) }) {
				t.Errorf("%s imports %s; %s may know %s only", p, imported, folder, strings.Join(allowed, ", "))
			}
		}
	}
	for _, folder := range folders() {
		if !used[folder] {
			t.Errorf("there is no folder tools/%s: take it out of the table", folder)
		}
	}
}

// Every package has its folder in the table.
func TestEveryFolderIsNamed(t *testing.T) {
	g := load(t)
	out, err := exec.Command("go", "list", module+"tools/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range strings.Fields(string(out)) {
		if _, known := g[short(p)]; !known || folderOf(short(p)) == "" {
			t.Errorf("%s lies in no folder of the table: say who may know it, and whom it may know", short(p))
		}
	}
}

func TestUnreachable(t *testing.T) {
	g := load(t)
	for folder, forbidden := range unreachable {
		found := false
		for _, p := range g.own() {
			if !in(p, folder) || slices.Contains(helpers, p) {
				continue
			}
			found = true
			for _, f := range forbidden {
				own := slices.ContainsFunc(g.own(), func(q string) bool { return in(q, f) })
				way := g.way(p, func(q string) bool { return q == f || own && isOwn(g, q) && in(q, f) })
				if way != nil {
					t.Errorf("%s reaches %s: %s", p, f, strings.Join(way, " -> "))
				}
			}
		}
		if !found {
			t.Errorf("there is no package tools/%s: take it out of the table", folder)
		}
	}
}

// HTTP is spoken in one place, with one idea of credentials, retries and bounds.
func TestSpeakers(t *testing.T) {
	g := load(t)
	for _, p := range g.own() {
		if imports := slices.Contains(g[p], "net/http"); imports != slices.Contains(speakers, p) {
			t.Errorf("%s imports net/http: %v, want %v", p, imports, !imports)
		}
	}
}

func TestHelpersOfTests(t *testing.T) {
	g := load(t)
	for _, p := range g.own() {
		if slices.Contains(helpers, p) {
			continue
		}
		if way := g.way(p, func(q string) bool { return slices.Contains(helpers, q) }); way != nil {
			t.Errorf("%s reaches a helper of tests: %s", p, strings.Join(way, " -> "))
		}
		if slices.Contains(g[p], "testing") {
			t.Errorf("%s imports testing", p)
		}
	}
}
