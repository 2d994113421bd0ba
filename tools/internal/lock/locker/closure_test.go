package locker

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkconfig"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkrepo"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkresolve"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
	"github.com/rules-apk/rules_apk/tools/internal/test/bzl"
)

const testArch = "x86_64"

// hub is what the module extension makes of a lock: the packages as the rules see them, and for each what its target
// leads to.
type hub struct {
	loader   *bzl.Loader
	packages map[string]starlark.Value
	deps     map[string][]string // by target
}

// lockedSet resolves a world and keeps of it what a lock's entries keep, but for what only package files tell.
func lockedSet(repositories []apkresolve.Repository, world []apkconstraint.Constraint) ([]lockfile.Package, *apkresolve.Solution, error) {
	s, err := apkresolve.Resolve(apkresolve.Request{Arch: testArch, Repositories: repositories, World: world})
	if err != nil {
		return nil, nil, err
	}
	var entries []lockfile.Package
	for _, selected := range s.Packages {
		repository := apkconfig.Repository{URL: repositories[selected.Repository].URL}
		entries = append(entries, entry(repository, testArch, selected, &apkrepo.Package{File: &apkfile.File{SHA256: selected.Name}, Folder: testArch}))
	}
	return entries, s, nil
}

// newHub does with entries what the module extension and its repositories do, in Starlark.
func newHub(loader *bzl.Loader, entries []lockfile.Package) (*hub, error) {
	h := &hub{loader: loader, packages: make(map[string]starlark.Value), deps: make(map[string][]string)}
	list := starlark.NewList(nil)
	for i := range entries {
		entry := entryValue(&entries[i])
		fields, err := loader.Call("//apk/private:lock_fields.bzl", "closure_fields", starlark.Tuple{entry}, []starlark.Tuple{{starlark.String("hub"), starlark.String("alpine")}})
		if err != nil {
			return nil, err
		}
		h.packages[entries[i].Name] = starlarkstruct.FromKeywords(starlarkstruct.Default, fields.(*starlark.Dict).Items())
		if err := list.Append(entry); err != nil {
			return nil, err
		}
	}
	lock := starlark.NewDict(1)
	if err := lock.SetKey(starlark.String("packages"), list); err != nil {
		return nil, err
	}
	graph, err := loader.Call("//apk/private:hub_graph.bzl", "hub_graph", starlark.Tuple{lock}, nil)
	if err != nil {
		return nil, err
	}
	return h, h.addTargets(graph.(*starlarkstruct.Struct))
}

func (h *hub) addTargets(graph *starlarkstruct.Struct) error {
	deps, err := graph.Attr("deps")
	if err != nil {
		return err
	}
	for _, item := range deps.(*starlark.Dict).Items() {
		h.deps[text(item[0])] = texts(item[1])
	}
	cycles, err := graph.Attr("cycles")
	if err != nil {
		return err
	}
	for _, item := range cycles.(*starlark.Dict).Items() {
		members, _ := item[1].(*starlarkstruct.Struct).Attr("members")
		outside, _ := item[1].(*starlarkstruct.Struct).Attr("deps")
		for _, member := range texts(members) {
			h.deps[member] = slices.Concat(texts(members), texts(outside))
		}
	}
	return nil
}

// image answers with what an image of these roots has, in its order: "name version" each. The error is what the rule
// would fail with.
func (h *hub) image(roots []string) ([]string, error) {
	named, available := starlark.NewList(nil), starlark.NewList(nil)
	found := make(map[string]bool)
	queue := slices.Clone(roots)
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		if !found[name] {
			found[name] = true
			queue = append(queue, h.deps[name]...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if err := available.Append(h.packages[name]); err != nil {
			return nil, err
		}
	}
	for _, name := range roots {
		if h.packages[name] == nil {
			return nil, fmt.Errorf("%s is not locked", name)
		}
		if err := named.Append(h.packages[name]); err != nil {
			return nil, err
		}
	}
	answer, err := h.loader.Call("//apk/private:image_packages.bzl", "image_packages", nil, []starlark.Tuple{
		{starlark.String("roots"), named}, {starlark.String("available"), available},
	})
	if err != nil {
		panic(fmt.Sprintf("image %v: %v", roots, err)) // not a refusal, but a mistake in the file
	}
	if problem := answer.(starlark.Tuple)[0]; problem != starlark.None {
		return nil, fmt.Errorf("%s", text(problem))
	}
	var lines []string
	for p := range answer.(starlark.Tuple)[1].(*starlark.List).Elements() {
		name, _ := p.(*starlarkstruct.Struct).Attr("name")
		version, _ := p.(*starlarkstruct.Struct).Attr("version")
		lines = append(lines, text(name)+" "+text(version))
	}
	return lines, nil
}

// entryValue is an entry as json.decode gives it to the rules.
func entryValue(p *lockfile.Package) *starlark.Dict {
	d := starlark.NewDict(8)
	set := func(key string, value starlark.Value) { _ = d.SetKey(starlark.String(key), value) }
	strs := func(items []string) *starlark.List {
		list := starlark.NewList(nil)
		for _, item := range items {
			_ = list.Append(starlark.String(item))
		}
		return list
	}
	requirements := func(all []lockfile.Requirement) *starlark.List {
		list := starlark.NewList(nil)
		for _, r := range all {
			one := starlark.NewDict(2)
			_ = one.SetKey(starlark.String("needs"), starlark.String(r.Needs))
			if len(r.By) > 0 {
				_ = one.SetKey(starlark.String("by"), strs(r.By))
			}
			_ = list.Append(one)
		}
		return list
	}
	set("name", starlark.String(p.Name))
	set("version", starlark.String(p.Version))
	set("arch", starlark.String(p.Arch))
	set("repository", starlark.MakeInt(p.Repository))
	set("sha256", starlark.String(p.SHA256))
	set("depends", requirements(p.Depends))
	set("provides", strs(p.Provides))
	set("provider_priority", starlark.MakeInt(p.ProviderPriority))
	set("install_if", requirements(p.InstallIf))
	return d
}

func text(v starlark.Value) string { s, _ := starlark.AsString(v); return s }

func texts(v starlark.Value) []string {
	var list []string
	for item := range starlark.Elements(v.(starlark.Iterable)) {
		list = append(list, text(item))
	}
	return list
}

// packageLines makes packages from lines "name D:dependency p:provide i:install_if k:priority".
func packageLines(t *testing.T, lines string) []*apkindex.Package {
	t.Helper()
	var list []*apkindex.Package
	for line := range strings.Lines(strings.TrimSpace(lines)) {
		fields := strings.Fields(line)
		p := &apkindex.Package{Name: fields[0], Version: "1", Arch: testArch, Checksum: "Q1" + fields[0]}
		for _, field := range fields[1:] {
			switch kind, value, _ := strings.Cut(field, ":"); kind {
			case "D":
				p.Depends = append(p.Depends, value)
			case "p":
				p.Provides = append(p.Provides, value)
			case "i":
				p.InstallIf = append(p.InstallIf, value)
			case "k":
				if _, err := fmt.Sscan(value, &p.ProviderPriority); err != nil {
					t.Fatal(err)
				}
			default:
				t.Fatalf("field %q", field)
			}
		}
		list = append(list, p)
	}
	return list
}

func constraints(t testing.TB, world []string) []apkconstraint.Constraint {
	t.Helper()
	list, err := parseWorld(world)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func newLoader(t testing.TB) *bzl.Loader {
	t.Helper()
	loader, err := bzl.NewLoader()
	if err != nil {
		t.Fatal(err)
	}
	return loader
}

const (
	java = `
		app D:java
		jdk11 p:java
		jdk17 p:java
		tool D:jdk11`
	javaWithPriorities = `
		app D:java
		jdk11 p:java k:5
		jdk17 p:java k:10`
	podman = `
		podman D:oci-runtime
		crun p:oci-runtime k:10
		runc p:oci-runtime k:5
		tini`
)

// TestImagePackages: an image has what apk would give it, whatever else its lock has for other images.
func TestImagePackages(t *testing.T) {
	loader := newLoader(t)
	for _, tt := range []struct {
		name, packages, lock string
		roots, want          string
		refusal              string
	}{
		{name: "the provider that the image names", packages: java, lock: "app jdk11 jdk17", roots: "app jdk17", want: "jdk17 app"},
		{name: "the other one", packages: java, lock: "app jdk11 jdk17", roots: "app jdk11", want: "jdk11 app"},
		{name: "both, named", packages: java, lock: "app jdk11 jdk17", roots: "app jdk11 jdk17", want: "jdk17 app jdk11"},
		{name: "one that something else needs", packages: java, lock: "app jdk11 jdk17 tool", roots: "app tool", want: "jdk11 app tool"},
		{
			name: "none of several", packages: java, lock: "app jdk11 jdk17", roots: "app",
			refusal: `package "app" of @alpine depends on "java", which several packages provide: jdk11, jdk17; add one of them to packages`,
		},
		{
			name: "nothing picks the only one", packages: java, lock: "app jdk11", roots: "app",
			refusal: `package "app" of @alpine depends on "java", which "jdk11" provides, but nothing picks by itself; add it to packages`,
		},
		{name: "the higher priority", packages: javaWithPriorities, lock: "app jdk11 jdk17", roots: "app", want: "jdk17 app"},
		{name: "the lower priority, named", packages: javaWithPriorities, lock: "app jdk11 jdk17", roots: "app jdk11", want: "jdk11 app"},
		{name: "podman with runc", packages: podman, lock: "podman runc crun tini", roots: "podman runc", want: "runc podman"},
		{name: "podman", packages: podman, lock: "podman runc crun tini", roots: "podman tini", want: "crun podman tini"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			repositories := []apkresolve.Repository{{URL: "main", Packages: packageLines(t, tt.packages)}}
			entries, _, err := lockedSet(repositories, constraints(t, strings.Fields(tt.lock)))
			if err != nil {
				t.Fatal(err)
			}
			h, err := newHub(loader, entries)
			if err != nil {
				t.Fatal(err)
			}
			got, err := h.image(strings.Fields(tt.roots))
			if refusal := fmt.Sprint(err); err != nil && refusal != tt.refusal || err == nil && tt.refusal != "" {
				t.Errorf("refusal %q, want %q", refusal, tt.refusal)
			}
			if want := strings.ReplaceAll(tt.want+" ", " ", " 1\n"); err == nil && strings.Join(got, "\n")+"\n" != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
