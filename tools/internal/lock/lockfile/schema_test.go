package lockfile_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

func readSchema(t *testing.T) map[string]any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "apk.lock.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestSchemaAcceptsLock(t *testing.T) {
	c := jsonschema.NewCompiler()
	if err := c.AddResource("lock.json", readSchema(t)); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("lock.json")
	if err != nil {
		t.Fatal(err)
	}
	text := marshal(t, sample())
	validate := func(text string) error {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(value)
	}
	if err := validate(text); err != nil {
		t.Error(err)
	}
	for _, edit := range [][2]string{{`"layer":`, `"lair":`}, {digest("2"), "sha256:2"}, {"[10,20]", "[10]"}, {`"version": 2`, `"version": 1`}, {`"by":["musl"]`, `"by":"musl"`}} {
		if err := validate(strings.Replace(text, edit[0], edit[1], 1)); err == nil {
			t.Errorf("%s instead of %s: the schema accepts it", edit[1], edit[0])
		}
	}
}

// The schema must have exactly the fields of the Go types, and require those that are always written.
func TestSchemaMatchesTypes(t *testing.T) {
	root := readSchema(t)
	compareSchema(t, "lock", root, root, reflect.TypeFor[lockfile.Lock]())
}

func compareSchema(t *testing.T, path string, root, schema map[string]any, typ reflect.Type) {
	t.Helper()
	if ref, ok := schema["$ref"].(string); ok {
		schema, _ = root["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
	}
	switch typ.Kind() {
	case reflect.Pointer:
		compareSchema(t, path, root, schema, typ.Elem())
	case reflect.Slice:
		if items, ok := schema["items"].(map[string]any); ok {
			compareSchema(t, path+"[]", root, items, typ.Elem())
		} else if typ.Elem().Kind() == reflect.Struct {
			t.Errorf("%s: no items in the schema", path)
		}
	case reflect.Struct:
		properties, ok := schema["properties"].(map[string]any)
		if !ok {
			t.Fatalf("%s: no properties in the schema", path)
		}
		var names, required []string
		for i := range typ.NumField() {
			name, options, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			names = append(names, name)
			if options == "" {
				required = append(required, name)
			}
			if property, ok := properties[name].(map[string]any); ok {
				compareSchema(t, path+"."+name, root, property, typ.Field(i).Type)
			}
		}
		var got []string
		for name := range properties {
			got = append(got, name)
		}
		compareSets(t, path+": properties", got, names)
		got = nil
		for _, name := range schema["required"].([]any) {
			got = append(got, fmt.Sprint(name))
		}
		compareSets(t, path+": required", got, required)
	}
}

func compareSets(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: the schema has %q, the Go type %q", what, got, want)
	}
}
