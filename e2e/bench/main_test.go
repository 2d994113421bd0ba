package main

import (
	"bytes"
	"errors"
	"flag"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	o, err := parse([]string{"--runs=2", "--scenario=clean,bump", "--json=out.json"}, &bytes.Buffer{})
	if err != nil || o.runs != 2 || strings.Join(o.scenarios, " ") != "clean bump" || o.json != "out.json" {
		t.Errorf("got %+v, %v", o, err)
	}
	for _, args := range [][]string{{"clean"}, {"--runs=0"}, {"--unknown"}} {
		if _, err := parse(args, &bytes.Buffer{}); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}

func TestHelp(t *testing.T) {
	var stderr bytes.Buffer
	if _, err := parse([]string{"--help"}, &stderr); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("got %v, want that help was asked for", err)
	}
	wants := []string{"examples:", "-runs"}
	for _, s := range all() {
		wants = append(wants, "\n  "+s.name+" ")
	}
	for _, want := range wants {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("help lacks %q:\n%s", want, stderr.String())
		}
	}
}

func TestChoose(t *testing.T) {
	if chosen, err := choose(nil); err != nil || len(chosen) != len(all()) {
		t.Errorf("no name chooses %d scenarios, %v, want all", len(chosen), err)
	}
	// In the order in which they run, whatever the order of the names.
	chosen, err := choose([]string{"tool", "clean"})
	if err != nil || len(chosen) != 2 || chosen[0].name != "clean" || chosen[1].name != "tool" {
		t.Errorf("got %v, %v", chosen, err)
	}
	if _, err := choose([]string{"claen"}); err == nil || !strings.Contains(err.Error(), `"claen" is none of clean, `) {
		t.Errorf("an unknown name: %v", err)
	}
}
