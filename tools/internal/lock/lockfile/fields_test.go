package lockfile_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
	"github.com/rules-apk/rules_apk/tools/internal/test/bzl"
)

// fields are those of a package, and whether each may be left out.
func fields() map[string]bool {
	optional := map[string]bool{}
	typ := reflect.TypeFor[lockfile.Package]()
	for i := range typ.NumField() {
		name, options, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		optional[name] = options == "omitempty"
	}
	return optional
}

// The table of a package's fields in docs/formats.md has each field once.
func TestFieldsInDocs(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "formats.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), "\nA package:\n\n| field | meaning |\n| --- | --- |\n")
	if !ok {
		t.Fatal("docs/formats.md has no table after \"A package:\"")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	var got, want []string
	for _, row := range strings.Split(table, "\n") {
		cell, _, _ := strings.Cut(strings.TrimPrefix(row, "|"), "|")
		for _, name := range regexp.MustCompile("`([a-z0-9_]+)`").FindAllStringSubmatch(cell, -1) {
			got = append(got, name[1])
		}
	}
	for name := range fields() {
		want = append(want, name)
	}
	compareSets(t, "docs/formats.md: fields of a package", got, want)
}

// What Bazel takes for a package's fields is what this package writes.
func TestFieldsInStarlark(t *testing.T) {
	loader, err := bzl.NewLoader()
	if err != nil {
		t.Fatal(err)
	}
	file, err := loader.Load("//apk/private:lock_fields.bzl")
	if err != nil {
		t.Fatal(err)
	}
	want := fields()
	for _, item := range file["PACKAGE_FIELDS"].(*starlark.Dict).Items() {
		name, _ := starlark.AsString(item[0])
		optional, err := item[1].(*starlarkstruct.Struct).Attr("optional")
		if err != nil {
			t.Fatal(err)
		}
		if ours, ok := want[name]; !ok || ours != bool(optional.Truth()) {
			t.Errorf("%s: optional is %s in Starlark; here it is %t, and the field is there: %t", name, optional, ours, ok)
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("lock_fields.bzl lacks %s", name)
	}
}
