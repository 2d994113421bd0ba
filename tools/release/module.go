package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/bazelbuild/buildtools/build"
)

// developing are the modules that only a checkout needs: what is released has no Go in it.
var developing = []string{"gazelle", "rules_go"}

// module is MODULE.bazel.
type module struct {
	file    *build.File
	version string
}

func readModule(path string) (*module, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	file, err := build.ParseModule("MODULE.bazel", text)
	if err != nil {
		return nil, err
	}
	rules := file.Rules("module")
	if len(rules) != 1 || rules[0].AttrString("version") == "" {
		return nil, fmt.Errorf("%s: got no module() with a version", path)
	}
	return &module{file, rules[0].AttrString("version")}, nil
}

// released is MODULE.bazel as a release has it: without what only a checkout needs, with the prebuilt tools.
func (m *module) released(r *release, sets []*toolset) ([]byte, error) {
	dropped := map[string]bool{}
	m.file.Stmt = slices.DeleteFunc(m.file.Stmt, func(statement build.Expr) bool { return isForDeveloping(statement, dropped) })
	text := build.Format(m.file)
	for _, name := range developing {
		if strings.Contains(string(text), `"@`+name) || strings.Contains(string(text), `"`+name+`"`) {
			return nil, fmt.Errorf("MODULE.bazel: still names %s, want it in bazel_dep and use_extension only:\n%s", name, text)
		}
	}
	var tools strings.Builder
	tools.WriteString("\nhttp_archive = use_repo_rule(\"@bazel_tools//tools/build_defs/repo:http.bzl\", \"http_archive\")\n")
	for _, s := range sets {
		fmt.Fprintf(&tools, "\nhttp_archive(\n    name = \"rules_apk_tools_%s\",\n    build_file = \"//tools/private:prebuilt.BUILD.tpl\",\n"+
			"    integrity = %q,\n    urls = [%q],\n)\n", s.platform, s.archive.integrity(), r.url(s.archive))
	}
	return append(text, tools.String()...), nil
}

// isForDeveloping tells whether a statement is about a module that only a checkout needs, or is a development
// dependency. It keeps the names of extensions that are dropped in dropped.
func isForDeveloping(statement build.Expr, dropped map[string]bool) bool {
	switch s := statement.(type) {
	case *build.AssignExpr:
		call, ok := s.RHS.(*build.CallExpr)
		name, isName := s.LHS.(*build.Ident)
		if !ok || !isName || callName(call) != "use_extension" {
			return false
		}
		if isDevDependency(call) || slices.ContainsFunc(developing, func(name string) bool {
			return strings.HasPrefix(firstString(call), "@"+name+"//")
		}) {
			dropped[name.Name] = true
		}
		return dropped[name.Name]
	case *build.CallExpr:
		switch name := callName(s); name {
		case "bazel_dep":
			return isDevDependency(s) || slices.Contains(developing, build.NewRule(s).Name())
		case "use_repo":
			first, ok := s.List[0].(*build.Ident)
			return ok && dropped[first.Name]
		default:
			extension, _, isTag := strings.Cut(name, ".")
			return isTag && dropped[extension]
		}
	}
	return false
}

// callName is what is called: bazel_dep, or apk.lock.
func callName(call *build.CallExpr) string {
	return build.FormatString(call.X)
}

func firstString(call *build.CallExpr) string {
	if len(call.List) == 0 {
		return ""
	}
	text, ok := call.List[0].(*build.StringExpr)
	if !ok {
		return ""
	}
	return text.Value
}

func isDevDependency(call *build.CallExpr) bool {
	return build.NewRule(call).AttrLiteral("dev_dependency") == "True"
}
