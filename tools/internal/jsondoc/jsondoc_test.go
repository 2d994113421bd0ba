package jsondoc_test

import (
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/jsondoc"
)

type document struct {
	Name string   `json:"name"`
	List []string `json:"list,omitempty"`
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		`{"name":"a"}`:                 "",
		" {\"name\":\"a\"}\n\n":        "",
		``:                             "EOF",
		`{"name":"a"`:                  "unexpected EOF",
		`{"nmae":"a"}`:                 `unknown field "nmae"`,
		`{"name":1}`:                   "cannot unmarshal number",
		`{"name":"a"} {"name":"b"}`:    "more after the first JSON value",
		`{"name":"a"}}`:                "more after the first JSON value",
		`{"name":"b","name":"a"}`:      `key "name" is twice`,
		`{"name":"b","n\u0061me":"a"}`: `key "name" is twice`,
		"{\"name\":\"\xff\"}":          "not UTF-8",
		"{\"name\":\"a\"}\n<<<<<<< me": "more after the first JSON value",
	} {
		var got document
		err := jsondoc.Parse([]byte(text), &got)
		if want == "" && (err != nil || got.Name != "a") {
			t.Errorf("%q: got %+v and %v, want the name a", text, got, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: error is %v, want one with %q", text, err, want)
		}
	}
}

func TestKeys(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":{"a":[{"a":"a"},{"a":1}],"b":"a"},"b":["a","a"]}`: "a a a a b b ",
		`{"a":1,"b":[],"a":{"c":null,"c":"a"}}`:                 "a b a! c c! ",
		`["a",{},{"a":{}},"a"]`:                                 "a ",
		`"a"`:                                                   "",
	} {
		var got strings.Builder
		err := jsondoc.Keys([]byte(text), func(key string, again bool) error {
			got.WriteString(key)
			if again {
				got.WriteByte('!')
			}
			got.WriteByte(' ')
			return nil
		})
		if err != nil || got.String() != want {
			t.Errorf("%s: got %q and %v, want %q", text, got.String(), err, want)
		}
	}
}

func TestLines(t *testing.T) {
	d := document{Name: "<a&b>", List: []string{"ü"}}
	if got, err := jsondoc.Line(d); err != nil || string(got) != "{\"name\":\"<a&b>\",\"list\":[\"ü\"]}\n" {
		t.Errorf("got %q and %v", got, err)
	}
	want := "{\n \"name\": \"<a&b>\",\n \"list\": [\n  \"ü\"\n ]\n}\n"
	if got, err := jsondoc.Lines(d, " "); err != nil || string(got) != want {
		t.Errorf("got %q and %v, want %q", got, err, want)
	}
	if _, err := jsondoc.Line(func() {}); err == nil {
		t.Error("a function was encoded")
	}
}
