package locker

import (
	"fmt"
	"strings"
	"testing"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	"go.starlark.net/syntax"

	"github.com/rules-apk/rules_apk/tools/internal/test/bzl"
)

// hostile are texts that are code where a text is put into another one.
var hostile = []string{
	`{urls}`, `{hub}`, `{entry}`, `p:{hub}`, `"`, `'`, `\`, `\"`, "\n", "a\nb = 1\n", `"""`, `'"'"'`, `%s`, `$(id)`, "`id`",
	`\")\ngenrule(name = \"x\", outs = [\"y\"], cmd = \"id > $@\")\nf(\"`, "\")\ngenrule(name = \"x\")\n#", `\x41`, `\u0041`, `//...`, "é", "\u2028",
}

// TestPackageFile: whatever stands in a lock's entry, the BUILD file is one call whose arguments are these texts.
func TestPackageFile(t *testing.T) {
	loader := newLoader(t)
	for _, evil := range hostile {
		for field := range 4 {
			arguments := []string{"a-1.apk", `{"name":"a"}`, "alpine", "https://example.com/a-1.apk"}
			arguments[field] = evil
			value, err := loader.Call("//apk/private:hub_files.bzl", "package_file", nil, []starlark.Tuple{
				{starlark.String("apk"), starlark.String(arguments[0])},
				{starlark.String("entry"), starlark.String(arguments[1])},
				{starlark.String("hub"), starlark.String(arguments[2])},
				{starlark.String("urls"), starlark.NewList([]starlark.Value{starlark.String(arguments[3])})},
			})
			if err != nil {
				t.Fatal(err)
			}
			calls, err := bzl.Build(text(value))
			if err != nil || len(calls) != 1 || calls[0].Rule != "locked_package" {
				t.Errorf("%q as argument %d: calls %v, %v; want one of locked_package\n%s", evil, field, calls, err, text(value))
				continue
			}
			got := calls[0].Arguments
			if all := []string{text(got["apk"]), text(got["entry"]), text(got["hub"]), texts(got["urls"])[0]}; strings.Join(all, "|") != strings.Join(arguments, "|") {
				t.Errorf("%q as argument %d: got %q, want %q", evil, field, all, arguments)
			}
		}
	}
}

// TestHubFiles: the same of a hub, with a lock and without one.
func TestHubFiles(t *testing.T) {
	loader := newLoader(t)
	graph, err := loader.Call("//apk/private:hub_graph.bzl", "hub_graph", starlark.Tuple{lockOf(t)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	native := []string{"constraint_setting", "constraint_value", "alias"}
	for _, evil := range hostile {
		for _, tt := range []struct {
			function string
			kwargs   map[string]starlark.Value
			want     map[string]int // calls, by Bazel package
		}{
			{"hub_files", map[string]starlark.Value{
				"archs": list("x86_64"), "config": starlark.String(evil), "graph": plain(t, graph), "hub": starlark.String(evil), "lock": starlark.String(evil),
				"repositories": list(evil), "unlocked": dict("wget", evil),
			}, map[string]int{"": 11, "a": 3, "b": 2, "c": 1, "wget": 1}},
			{"unlocked_hub_files", map[string]starlark.Value{
				"config": starlark.String(evil), "has_lock": starlark.True, "hub": starlark.String(evil), "lock": starlark.String(evil), "packages": list("wget"), "problem": starlark.String(evil),
			}, map[string]int{"": 7, "wget": 1}},
		} {
			var kwargs []starlark.Tuple
			for name, value := range tt.kwargs {
				kwargs = append(kwargs, starlark.Tuple{starlark.String(name), value})
			}
			files, err := loader.Call("//apk/private:hub_files.bzl", tt.function, nil, kwargs)
			if err != nil {
				t.Fatal(err)
			}
			got := make(map[string]int)
			for _, item := range files.(*starlark.Dict).Items() {
				calls, err := bzl.Build(text(item[1]), native...)
				if err != nil {
					t.Errorf("%s with %q: %q: %v\n%s", tt.function, evil, text(item[0]), err, text(item[1]))
				}
				got[text(item[0])] = len(calls)
				for _, call := range calls {
					if call.Rule == "genrule" {
						t.Errorf("%s with %q: %q calls genrule", tt.function, evil, text(item[0]))
					}
					if problem, ok := call.Arguments["problem"]; ok && !strings.Contains(text(problem), evil) {
						t.Errorf("%s with %q: problem is %s", tt.function, evil, problem)
					}
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("%s with %q: calls %v, want %v", tt.function, evil, got, tt.want)
			}
		}
	}
}

// TestUnlockedHubNames: a hub may be called as one of its targets is.
func TestUnlockedHubNames(t *testing.T) {
	loader := newLoader(t)
	for _, hub := range []string{"alpine", "lock", "update", "check", "lock_test"} {
		files, err := loader.Call("//apk/private:hub_files.bzl", "unlocked_hub_files", nil, []starlark.Tuple{
			{starlark.String("config"), starlark.String("apk.yaml")},
			{starlark.String("has_lock"), starlark.False},
			{starlark.String("hub"), starlark.String(hub)},
			{starlark.String("lock"), starlark.String("apk.lock.json")},
			{starlark.String("packages"), list("wget")},
			{starlark.String("problem"), starlark.String("is missing")},
		})
		if err != nil {
			t.Fatal(err)
		}
		root, _, _ := files.(*starlark.Dict).Get(starlark.String(""))
		calls, err := bzl.Build(text(root), "constraint_setting", "constraint_value", "alias")
		if err != nil {
			t.Fatal(err)
		}
		names := make(map[string]bool)
		for _, call := range calls {
			name := text(call.Arguments["name"])
			if names[name] {
				t.Errorf("hub %s: two targets are called %s", hub, name)
			}
			names[name] = true
		}
		if !names[hub] || !names["lock"] || !names["update"] || !names["lock_test"] {
			t.Errorf("hub %s: targets %v", hub, names)
		}
	}
}

// TestPackagesFile: a hub's packages.bzl is one assignment, whatever the texts in it.
func TestPackagesFile(t *testing.T) {
	loader := newLoader(t)
	for _, evil := range hostile {
		value, err := loader.Call("//apk/private:hub_files.bzl", "packages_file", nil, []starlark.Tuple{
			{starlark.String("config"), starlark.String(evil)},
			{starlark.String("hub"), starlark.String(evil)},
			{starlark.String("names"), list("musl", evil)},
		})
		if err != nil {
			t.Fatal(err)
		}
		file, err := (&syntax.FileOptions{}).Parse("packages.bzl", text(value), 0)
		if err != nil || len(file.Stmts) != 2 {
			t.Errorf("%q: %v, want a load and an assignment\n%s", evil, err, text(value))
		}
	}
}

// TestLabelProblem: a name that the hub lacks is told with the nearest one, and what to do.
func TestLabelProblem(t *testing.T) {
	loader := newLoader(t)
	for _, tt := range []struct{ name, known, want string }{
		{"openssl", "openssl", ""},
		{"openssl", "", ""},
		{"opensll", "openssl", `@alpine has no package "opensll"; did you mean "openssl"? If not, add it to packages in apk.yaml and run: bazel run @alpine//:lock`},
		{"wget", "openssl", `@alpine has no package "wget"; add it to packages in apk.yaml and run: bazel run @alpine//:lock`},
	} {
		known := starlark.NewDict(1)
		if tt.known != "" {
			known = dict(tt.known, "")
		}
		value, err := loader.Call("//apk/private:locked_labels.bzl", "label_problem", starlark.Tuple{starlark.String(tt.name)}, []starlark.Tuple{
			{starlark.String("config"), starlark.String("apk.yaml")},
			{starlark.String("hub"), starlark.String("alpine")},
			{starlark.String("names"), known},
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := starlark.AsString(value); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// lockOf is a lock of a circle of two packages and one outside it.
func lockOf(t *testing.T) *starlark.Dict {
	t.Helper()
	needs := func(name string) *starlark.List {
		return starlark.NewList([]starlark.Value{pairs("needs", starlark.String(name), "by", list(name))})
	}
	return pairs("packages", starlark.NewList([]starlark.Value{
		pairs("name", starlark.String("a"), "arch", starlark.String("x86_64"), "depends", needs("b")),
		pairs("name", starlark.String("b"), "arch", starlark.String("x86_64"), "depends", needs("a")),
		pairs("name", starlark.String("c"), "arch", starlark.String("x86_64"), "depends", needs("a")),
	}))
}

func list(items ...string) *starlark.List {
	l := starlark.NewList(nil)
	for _, item := range items {
		_ = l.Append(starlark.String(item))
	}
	return l
}

func dict(key, value string) *starlark.Dict { return pairs(key, starlark.String(value)) }

func pairs(keysAndValues ...any) *starlark.Dict {
	d := starlark.NewDict(len(keysAndValues) / 2)
	for i := 0; i < len(keysAndValues); i += 2 {
		_ = d.SetKey(starlark.String(keysAndValues[i].(string)), keysAndValues[i+1].(starlark.Value))
	}
	return d
}

// plain is what the graph is after json.encode and json.decode: structs are dicts.
func plain(t *testing.T, value starlark.Value) starlark.Value {
	t.Helper()
	switch v := value.(type) {
	case *starlarkstruct.Struct:
		d := starlark.NewDict(0)
		for _, name := range v.AttrNames() {
			field, _ := v.Attr(name)
			_ = d.SetKey(starlark.String(name), plain(t, field))
		}
		return d
	case *starlark.Dict:
		d := starlark.NewDict(0)
		for _, item := range v.Items() {
			_ = d.SetKey(item[0], plain(t, item[1]))
		}
		return d
	}
	return value
}
