package main

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"

	"github.com/rules-apk/rules_apk/e2e/bench/internal/bazel"
	"github.com/rules-apk/rules_apk/e2e/bench/internal/distribution"
	"github.com/rules-apk/rules_apk/e2e/bench/internal/imageset"
	"github.com/rules-apk/rules_apk/e2e/bench/internal/report"
)

const (
	scalePackages = 5000
	scaleImages   = 1000
	scaleLeast    = 60 // packages of an image
	nobuild       = "--nobuild"
)

// measureScale analyses a thousand images on a lock of many packages.
func measureScale(ctx context.Context, l *lab) error {
	w, err := l.newScale(ctx)
	if err != nil {
		return err
	}
	about := fmt.Sprintf("%d images on %d packages for 2 architectures, `--nobuild //...`: ", scaleImages, scalePackages)
	if _, err := w.Run(ctx, "build", genrule, "//app:layer"); err != nil {
		return err
	}
	var extension, hub report.Series
	cold, err := l.repeat(ctx, min(l.runs, 2), func(ctx context.Context, run int) error {
		if run == 0 {
			return nil
		}
		if err := w.Discard(ctx); err != nil {
			return err
		}
		_, err := w.Run(ctx, "build", genrule, "//app:layer")
		return err
	}, func(ctx context.Context) (float64, error) {
		took, err := timed(w, nobuild, "//images/...")(ctx)
		if err != nil {
			return 0, err
		}
		profile, err := w.Profile()
		if err != nil {
			return 0, err
		}
		extension = append(extension, profile.Extension("apk:extensions.bzl"))
		hub = append(hub, profile.Repository("apk~alpine"))
		return took, nil
	})
	if err != nil {
		return err
	}
	warm, err := l.repeat(ctx, min(l.runs, 3), nil, timed(w, nobuild, "//images/..."))
	if err != nil {
		return err
	}
	heap, err := heapAfterGC(ctx, w)
	if err != nil {
		return err
	}
	l.add(report.Row{Scenario: "scale", Name: about + "cold", Unit: report.Seconds, Values: cold,
		Note: "A new output base, with `fetch = \"action\"`; the server runs, and has built a layer of files."})
	l.add(report.Row{Scenario: "scale", Name: about + "the module extension, cold", Unit: report.Seconds, Values: extension})
	l.add(report.Row{Scenario: "scale", Name: about + "the hub repository, cold", Unit: report.Seconds, Values: hub, Want: "< 2 s"})
	l.add(report.Row{Scenario: "scale", Name: about + "warm, nothing changed", Unit: report.Seconds, Values: warm})
	l.add(report.Row{Scenario: "scale", Name: about + "server's heap", Unit: report.Bytes, Values: report.Series{heap}})
	if _, err := w.Run(ctx, "clean"); err != nil {
		return err
	}
	cleaned, err := timed(w, nobuild, "//images/...")(ctx)
	if err != nil {
		return err
	}
	l.add(report.Row{Scenario: "scale", Name: about + "after `bazel clean`", Unit: report.Seconds, Values: report.Series{cleaned}})
	return nil
}

var megabytes = regexp.MustCompile(`(\d+)MB`)

func heapAfterGC(ctx context.Context, w *bazel.Workspace) (float64, error) {
	call, err := w.Run(ctx, "info", "used-heap-size-after-gc")
	if err != nil {
		return 0, err
	}
	m := megabytes.FindStringSubmatch(call.Stdout)
	if m == nil {
		return 0, fmt.Errorf("bazel info used-heap-size-after-gc says %q, want a number of MB", call.Stdout)
	}
	n, err := strconv.ParseFloat(m[1], 64)
	return n * 1e6, err
}

// newScale makes the workspace on generated packages.
func (l *lab) newScale(ctx context.Context) (*bazel.Workspace, error) {
	shape := distribution.Shape{Size: scalePackages, Archs: []string{"x86_64", "aarch64"}, Seed: 1}
	l.say("  generating %d packages for %d architectures", shape.Size, len(shape.Archs))
	served := filepath.Join(l.dir, "served", "generated")
	if err := shape.Write(ctx, l.builder, served, filepath.Join(l.dir, "scratch"), runtime.NumCPU()); err != nil {
		return nil, err
	}
	var names []string
	for _, p := range shape.Packages() {
		names = append(names, p.Name)
	}
	w, err := l.newWorkspace("scale", "action", []string{l.host.URL + "/generated"}, []string{l.builder.Key.Public}, shape.Archs, names)
	if err != nil {
		return nil, err
	}
	l.say("  locking them")
	took, err := l.lock(ctx, w.Dir, "lock")
	if err != nil {
		return nil, err
	}
	l.add(report.Row{Scenario: "scale", Name: fmt.Sprintf("`apklock lock` of %d packages for 2 architectures", shape.Size), Unit: report.Seconds, Values: report.Series{took.Seconds()}})
	graph, err := imageset.ReadLock(filepath.Join(w.Dir, "apk.lock.json"), shape.Archs[0])
	if err != nil {
		return nil, err
	}
	images, err := graph.Choose(scaleImages, scaleLeast, nil, nil)
	if err != nil {
		return nil, err
	}
	if err := w.Write("images/BUILD.bazel", imageset.Build("alpine", images, 0)); err != nil {
		return nil, err
	}
	return w, w.Write("app/BUILD.bazel", layerOnly)
}

const layerOnly = `load("@rules_apk//oci:defs.bzl", "oci_layer")

oci_layer(
    name = "layer",
    files = {"BUILD.bazel": "/app/main"},
)
`
