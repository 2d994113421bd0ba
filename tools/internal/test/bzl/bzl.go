// Package bzl runs the project's own .bzl files in Go tests: pure functions can so be compared with programs that
// Bazel's own tests cannot run. It knows what Starlark files of pure functions use: load of other files of the project,
// visibility, struct, json, and the language itself. What a file declares of a rule's attributes is ignored.
package bzl

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.starlark.net/lib/json"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	"go.starlark.net/syntax"
)

// A Loader loads the .bzl files of a source tree, each once.
type Loader struct {
	root   string // folder of MODULE.bazel
	loaded map[string]starlark.StringDict
}

// NewLoader makes a loader for the source tree that the working directory, which is that of the test's package, lies
// in.
func NewLoader() (*Loader, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "apk", "private")); err == nil {
			return &Loader{root: dir, loaded: make(map[string]starlark.StringDict)}, nil
		}
		if dir == filepath.Dir(dir) {
			return nil, fmt.Errorf("no folder above the working directory has apk/private")
		}
	}
}

var dialect = &syntax.FileOptions{TopLevelControl: false}

// Load gives what a file defines. The label is as in load: "//apk/private:x.bzl".
func (l *Loader) Load(label string) (starlark.StringDict, error) {
	if defined, ok := l.loaded[label]; ok {
		if defined == nil {
			return nil, fmt.Errorf("%s loads itself", label)
		}
		return defined, nil
	}
	l.loaded[label] = nil
	folder, name, ok := strings.Cut(strings.TrimPrefix(label, "//"), ":")
	if !ok || !strings.HasPrefix(label, "//") {
		return nil, fmt.Errorf("%s: want the label of a file of this repository, as in //apk/private:x.bzl", label)
	}
	path := filepath.Join(l.root, filepath.FromSlash(folder), name)
	thread := &starlark.Thread{Name: label, Load: func(_ *starlark.Thread, label string) (starlark.StringDict, error) { return l.Load(label) }}
	defined, err := starlark.ExecFileOptions(dialect, thread, path, nil, builtins)
	if err != nil {
		return nil, fmt.Errorf("loading %s: %w", label, err)
	}
	l.loaded[label] = defined
	return defined, nil
}

// Call calls a function of a file.
func (l *Loader) Call(label, function string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	defined, err := l.Load(label)
	if err != nil {
		return nil, err
	}
	if defined[function] == nil {
		return nil, fmt.Errorf("%s defines no %s", label, function)
	}
	return starlark.Call(&starlark.Thread{Name: function}, defined[function], args, kwargs)
}

var builtins = starlark.StringDict{
	"attr": attributes{},
	"json": json.Module,
	"Label": starlark.NewBuiltin("Label", func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		return args[0], nil
	}),
	"struct": starlark.NewBuiltin("struct", starlarkstruct.Make),
	// Named in functions that only rules call.
	"platform_common": starlark.None,
	// Who may load a file is for Bazel to check.
	"visibility": starlark.NewBuiltin("visibility", func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
		return starlark.None, nil
	}),
}

// attributes stands for the module attr: whatever it is asked to declare is None.
type attributes struct{ starlark.NoneType }

func (attributes) Attr(name string) (starlark.Value, error) {
	return starlark.NewBuiltin(name, func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
		return starlark.None, nil
	}), nil
}

func (attributes) AttrNames() []string { return nil }

// A Called is a call that a BUILD file makes.
type Called struct {
	Rule      string
	Arguments map[string]starlark.Value // those of select are the dict
}

// Build evaluates the text of a BUILD file, and gives the calls of the rules that it loads or, of other functions, that
// it may call.
func Build(text string, others ...string) ([]Called, error) {
	var calls []Called
	record := func(name string) *starlark.Builtin {
		return starlark.NewBuiltin(name, func(_ *starlark.Thread, _ *starlark.Builtin, _ starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			call := Called{Rule: name, Arguments: make(map[string]starlark.Value)}
			for _, arg := range kwargs {
				key, _ := starlark.AsString(arg[0])
				call.Arguments[key] = arg[1]
			}
			calls = append(calls, call)
			return starlark.None, nil
		})
	}
	defined := starlark.StringDict{"select": starlark.NewBuiltin("select", func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		if len(args) != 1 {
			return nil, fmt.Errorf("select has %d arguments, want one", len(args))
		}
		return args[0], nil
	})}
	for _, name := range others {
		defined[name] = record(name)
	}
	thread := &starlark.Thread{Name: "BUILD.bazel", Load: func(_ *starlark.Thread, label string) (starlark.StringDict, error) {
		_, file, _ := strings.Cut(label, ":")
		name := strings.TrimSuffix(file, ".bzl")
		return starlark.StringDict{name: record(name)}, nil
	}}
	_, err := starlark.ExecFileOptions(dialect, thread, "BUILD.bazel", text, defined)
	return calls, err
}
