package main

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/e2e/bench/internal/report"
)

// measureOpt builds for another compilation mode what was built for the default one.
func measureOpt(ctx context.Context, l *lab) error {
	s, err := l.real(ctx)
	if err != nil {
		return err
	}
	flags := append([]string{"--disk_cache=" + filepath.Join(l.dir, "disk"), pathMapping}, targets(10)...)
	for _, mode := range []string{"fastbuild", "opt"} {
		call, metrics, err := s.Build(ctx, append([]string{"--compilation_mode=" + mode}, flags...)...)
		if err != nil {
			return err
		}
		var ran []string
		total := 0
		for _, mnemonic := range slices.Sorted(maps.Keys(metrics.Executed)) {
			ran = append(ran, fmt.Sprintf("%d %s", metrics.Executed[mnemonic], mnemonic))
			total += metrics.Executed[mnemonic]
		}
		note := "Nothing was executed."
		if total > 0 {
			note = "Executed: " + strings.Join(ran, ", ") + "."
		}
		name := "10 images, disk cache, path mapping, -c " + mode
		l.add(report.Row{Scenario: "opt", Name: name + ": time", Unit: report.Seconds, Values: report.Series{call.Wall.Seconds()}})
		l.add(report.Row{Scenario: "opt", Name: name + ": actions executed", Values: report.Series{float64(total)}, Note: note, Want: map[string]string{"opt": "0"}[mode]})
	}
	return nil
}
