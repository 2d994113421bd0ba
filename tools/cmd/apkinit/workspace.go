package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/bazelbuild/buildtools/build"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
)

//go:embed templates
var templates embed.FS

// workspace is the folder that is started, and what was done to it, in words.
type workspace struct {
	dir  string
	done []string
}

func (w *workspace) start(d distribution) error {
	hub, err := w.addLock(d)
	if err != nil {
		return err
	}
	if hub {
		return nil // A lock of its own is there: the rest is not for us to say.
	}
	for _, file := range []struct{ name, template string }{
		{".gitattributes", "gitattributes"},
		{"BUILD.bazel", ""},
		{"apk.yaml", d.name + ".yaml"},
		{"apk.lock.json", ""},
		{"images/BUILD.bazel", d.name + ".BUILD"},
	} {
		if err := w.write(file.name, file.template); err != nil {
			return err
		}
	}
	return nil
}

// addLock adds the extension and a lock to MODULE.bazel, and tells whether another distribution's lock is there
// already.
func (w *workspace) addLock(d distribution) (other bool, err error) {
	path := filepath.Join(w.dir, "MODULE.bazel")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, cli.Hinted(err, "run it in a Bazel workspace: bazel run @rules_apk//:init")
	}
	if err != nil {
		return false, err
	}
	file, err := build.ParseModule("MODULE.bazel", text)
	if err != nil {
		return false, err
	}
	for _, extension := range extensions(file) {
		for _, lock := range file.Rules(extension + ".lock") {
			return lock.Name() != d.name, nil
		}
	}
	lines, err := templates.ReadFile("templates/" + d.name + ".MODULE")
	if err != nil {
		return false, err
	}
	// Written behind what is there, not printed anew: no other line may change.
	separator := "\n"
	if len(text) > 0 && text[len(text)-1] != '\n' {
		separator = "\n\n"
	}
	if err := atomicfile.WriteBytes(path, append(text, separator+string(lines)...)); err != nil {
		return false, err
	}
	w.done = append(w.done, "MODULE.bazel: added the lock @"+d.name)
	return false, nil
}

// extensions are the names that MODULE.bazel gives to the apk extension.
func extensions(file *build.File) []string {
	var names []string
	for _, statement := range file.Stmt {
		assignment, ok := statement.(*build.AssignExpr)
		if !ok {
			continue
		}
		name, isName := assignment.LHS.(*build.Ident)
		call, isCall := assignment.RHS.(*build.CallExpr)
		if !isName || !isCall || len(call.List) < 2 || build.FormatString(call.X) != "use_extension" {
			continue
		}
		if bzl, ok := call.List[0].(*build.StringExpr); ok && bzl.Value == "@rules_apk//apk:extensions.bzl" {
			names = append(names, name.Name)
		}
	}
	return names
}

// write writes a file of a template, or an empty one, unless it is there. BUILD stands for BUILD.bazel, too.
func (w *workspace) write(name, template string) error {
	path := filepath.Join(w.dir, filepath.FromSlash(name))
	candidates := []string{path}
	if filepath.Base(path) == "BUILD.bazel" {
		candidates = append(candidates, filepath.Join(filepath.Dir(path), "BUILD"))
	}
	for _, candidate := range candidates {
		if _, err := os.Lstat(candidate); err == nil {
			return nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	var data []byte
	if template != "" {
		var err error
		if data, err = templates.ReadFile("templates/" + template); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := atomicfile.WriteBytes(path, data); err != nil {
		return err
	}
	w.done = append(w.done, fmt.Sprintf("%s: written", name))
	return nil
}
