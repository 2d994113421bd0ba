package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

// preamble writes down what was measured on what.
func (l *lab) preamble() error {
	bazelw := exec.Command(l.checkout+"/bazelw", "--version")
	bazelw.Dir = l.checkout
	version, err := bazelw.Output()
	if err != nil {
		return fmt.Errorf("asking for Bazel's version: %w", err)
	}
	l.report.Preamble = []string{
		fmt.Sprintf("%s, %d CPUs, %s/%s. Times are wall time of the whole call, `bazelw` included.", strings.TrimSpace(string(version)), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH),
		"`ocibuild` is a prebuilt binary in the workspace, as a release would bring it: no Go is compiled. Packages come from a",
		"server on loopback, so that no network is measured.",
	}
	if len(l.loads) > 0 {
		l.report.Preamble = append(l.report.Preamble, fmt.Sprintf(
			"The machine's load average was %.1f to %.1f while it ran.", slices.Min(l.loads), slices.Max(l.loads)))
	}
	if l.realSet != nil {
		l.report.Preamble = append(l.report.Preamble, l.realSet.describe())
	}
	return nil
}

// load notes how busy the machine is, where the system says it.
func (l *lab) load() {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return
	}
	var average float64
	if _, err := fmt.Sscan(string(text), &average); err == nil {
		l.loads = append(l.loads, average)
	}
}
