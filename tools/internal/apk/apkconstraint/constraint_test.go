package apkconstraint

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want Constraint
		text string // what String gives, where it differs from in
	}{
		{in: "musl", want: Constraint{Name: "musl"}},
		{in: "musl=1.2.4-r0", want: Constraint{Name: "musl", Op: "=", Version: "1.2.4-r0"}},
		{in: "musl<2", want: Constraint{Name: "musl", Op: "<", Version: "2"}},
		{in: "musl>=1.2", want: Constraint{Name: "musl", Op: ">=", Version: "1.2"}},
		{in: "musl=>1.2", want: Constraint{Name: "musl", Op: ">=", Version: "1.2"}, text: "musl>=1.2"},
		{in: "musl~1.2", want: Constraint{Name: "musl", Op: "~", Version: "1.2"}},
		{in: "musl~=1.2", want: Constraint{Name: "musl", Op: "~", Version: "1.2"}, text: "musl~1.2"},
		{in: "musl>~1.2", want: Constraint{Name: "musl", Op: ">~", Version: "1.2"}},
		{in: "musl><Q1abc=", want: Constraint{Name: "musl", Op: "><", Version: "Q1abc="}},
		{in: "!musl", want: Constraint{Name: "musl", Conflict: true}},
		{in: "!musl<1.2", want: Constraint{Name: "musl", Op: "<", Version: "1.2", Conflict: true}},
		{in: "musl@edge", want: Constraint{Name: "musl", Tag: "edge"}},
		{in: "musl@edge>1", want: Constraint{Name: "musl", Op: ">", Version: "1", Tag: "edge"}},
		{in: "musl>1@edge", want: Constraint{Name: "musl", Op: ">", Version: "1", Tag: "edge"}, text: "musl@edge>1"},
		{in: "!musl@edge<1", want: Constraint{Name: "musl", Op: "<", Version: "1", Tag: "edge", Conflict: true}},
		{in: "so:libz.so.1=1.3", want: Constraint{Name: "so:libz.so.1", Op: "=", Version: "1.3"}},
		{in: "/bin/sh", want: Constraint{Name: "/bin/sh"}},
		{in: "pc:gtk+-3.0>=3.24", want: Constraint{Name: "pc:gtk+-3.0", Op: ">=", Version: "3.24"}},
	} {
		got, err := Parse(tc.in)
		if err != nil {
			t.Errorf("Parse(%q): %v", tc.in, err)
			continue
		}
		if got != tc.want {
			t.Errorf("Parse(%q) is %+v, want %+v", tc.in, got, tc.want)
		}
		text := tc.text
		if text == "" {
			text = tc.in
		}
		if got.String() != text {
			t.Errorf("Parse(%q).String() is %q, want %q", tc.in, got.String(), text)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":             "no name",
		"!":            "no name",
		"=1":           "no name",
		"musl=":        "no version",
		"musl=one two": "not a version",
		"musl=1.2-3":   "not a version",
		"musl@":        "\"\" is not a tag",
		"musl@>1":      "\"\" is not a tag",
		"musl@a@b":     "not a tag",
		"musl<2@a>1":   "two versions",
		"musl<=>1":     "unknown operator",
		"a b":          "one constraint at a time",
	} {
		_, err := Parse(in)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) gives error %v, want one with %q", in, err, want)
		}
	}
}

func TestSatisfied(t *testing.T) {
	for _, tc := range []struct {
		constraint, version string
		want                bool
	}{
		{"a", "1", true},
		{"a", "", true},
		{"!a", "1", false},
		{"!a", "", false},
		{"a=1.0-r0", "1.0-r0", true},
		{"a=1.0", "1.0-r0", false},
		{"a=1", "", false},
		{"!a=1", "", true},
		{"!a=1", "1", false},
		{"a<2", "1.9", true},
		{"a<2", "2", false},
		{"a<=2", "2", true},
		{"a>2", "2-r0", true},
		{"a>=2_rc1", "2", true},
		{"!a<2", "2", true},
		{"a~1.2", "1.2.9-r3", true},
		{"a~1.2", "1.20", false},
		{"a>~1.2", "1.2.1", true},
		{"a>~1.2", "1.3", true},
		{"a>~1.2", "1.1", false},
		{"a<~1.2", "1.2.5", true},
		{"a<~1.2", "1.3", false},
	} {
		c, err := Parse(tc.constraint)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Satisfied(tc.version); got != tc.want {
			t.Errorf("%q satisfied by version %q: %v, want %v", tc.constraint, tc.version, got, tc.want)
		}
	}
}

func TestMatchesChecksum(t *testing.T) {
	c, err := Parse("a><Q1xyz=")
	if err != nil {
		t.Fatal(err)
	}
	if !c.MatchesChecksum("Q1xyz=") || c.MatchesChecksum("Q1other=") || c.Matches("1") {
		t.Errorf("%v matches the wrong packages", c)
	}
}
