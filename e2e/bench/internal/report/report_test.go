package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		series           Series
		median, min, max float64
	}{
		{nil, 0, 0, 0},
		{Series{3}, 3, 3, 3},
		{Series{5, 1, 3}, 3, 1, 5},
		{Series{4, 1, 3, 2}, 2.5, 1, 4},
	} {
		if got := c.series.Median(); got != c.median {
			t.Errorf("median of %v is %v, want %v", c.series, got, c.median)
		}
		if c.series.Min() != c.min || c.series.Max() != c.max {
			t.Errorf("%v is from %v to %v, want %v to %v", c.series, c.series.Min(), c.series.Max(), c.min, c.max)
		}
	}
}

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		unit  Unit
		value float64
		want  string
	}{
		{Seconds, 1.234, "1.23 s"}, {Milliseconds, 4.56, "4.6 ms"}, {Count, 12, "12"},
		{Bytes, 12, "12 B"}, {Bytes, 1234, "1.2 kB"}, {Bytes, 12345678, "12.3 MB"}, {Bytes, 2e9, "2.0 GB"},
	} {
		if got := c.unit.Format(c.value); got != c.want {
			t.Errorf("%v %q is %q, want %q", c.value, c.unit, got, c.want)
		}
	}
}

func TestInsert(t *testing.T) {
	base := 0.5
	r := &Report{Preamble: []string{"On a machine."}}
	r.Add(Row{Name: "no-op", Unit: Seconds, Values: Series{1, 2, 3}, Baseline: &base, Want: "< 2 s", Note: "Nothing ran."})
	path := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(path, []byte("before\n"+Begin+"\nold\n"+End+"\nafter\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 { // what it has written it can replace
		if err := r.Insert(path); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := "before\n" + Begin + `

On a machine.

| what | median | min to max | runs | over an empty genrule | wanted |
| --- | --- | --- | --- | --- | --- |
| no-op [1] | 2.00 s | 1.00 s to 3.00 s | 3 | 1.50 s | < 2 s |

[1] Nothing ran.

` + End + "\nafter\n"
	if string(text) != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	if err := os.WriteFile(path, []byte("no markers\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := r.Insert(path); err == nil || !strings.Contains(err.Error(), "lacks the line") {
		t.Errorf("a file without markers: %v", err)
	}
}
