package control

import (
	"reflect"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	text := "Package: a\nDescription: short\n long\n .\n more\n\n\nPackage: b\n# a comment\nDepends: a,\n c\n"
	var got []Stanza
	if err := Read(strings.NewReader(text), func(s Stanza) error { got = append(got, s); return nil }); err != nil {
		t.Fatal(err)
	}
	want := []Stanza{
		{"Package": "a", "Description": "short\nlong\n.\nmore"},
		{"Package": "b", "Depends": "a,\nc"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestReadRefuses(t *testing.T) {
	for _, text := range []string{" continued\n", "no colon\n"} {
		if err := Read(strings.NewReader(text), func(Stanza) error { return nil }); err == nil {
			t.Errorf("%q: want an error", text)
		}
	}
	if _, err := One(strings.NewReader("A: 1\n\nA: 2\n")); err == nil {
		t.Error("two stanzas for One, want an error")
	}
}

func TestRelations(t *testing.T) {
	got, err := Relations("libc6 (>= 2.36), python3:any (= 3.11.2-1+b1),\n debconf (>>0.5) | debconf-2.0, ")
	if err != nil {
		t.Fatal(err)
	}
	want := [][]Relation{
		{{"libc6", ">=", "2.36"}},
		{{"python3", "=", "3.11.2-1+b1"}},
		{{"debconf", ">>", "0.5"}, {"debconf-2.0", "", ""}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, text := range []string{"a (2.0)", "a (>= 2.0", "a (=> 2)", "(>= 2)", "a [amd64]"} {
		if got, err := Relations(text); err == nil {
			t.Errorf("%q became %v, want an error", text, got)
		}
	}
}

func TestSatisfied(t *testing.T) {
	for _, c := range []struct {
		relation, version string
		want              bool
	}{
		{"a", "1", true}, {"a", "", true},
		{"a (>= 1)", "", false},
		{"a (>= 1.2)", "1.2-1", true}, {"a (>= 1.2)", "1.2~rc1-1", false},
		{"a (<< 1.2)", "1.2~rc1-1", true}, {"a (<< 1.2)", "1.2", false},
		{"a (<= 1.2)", "1.2", true}, {"a (>> 1.2)", "1.2", false}, {"a (= 1:1.2)", "1.2", false},
	} {
		r, err := Relations(c.relation)
		if err != nil {
			t.Fatal(err)
		}
		if got := r[0][0].Satisfied(c.version); got != c.want {
			t.Errorf("%s by %q: %v, want %v", c.relation, c.version, got, c.want)
		}
	}
}
