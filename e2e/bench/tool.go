package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/rules-apk/rules_apk/e2e/bench/internal/report"
)

// measureTool runs ocibuild without Bazel.
func measureTool(ctx context.Context, l *lab) error {
	starts, err := l.repeat(ctx, 100, nil, func(ctx context.Context) (float64, error) {
		took, _, err := l.program(ctx, "--help")
		return float64(took.Microseconds()) / 1000, err
	})
	if err != nil {
		return err
	}
	l.add(report.Row{Scenario: "tool", Name: "`ocibuild --help`: start to end", Unit: report.Milliseconds, Values: starts, Want: "< 5 ms"})

	large, err := l.largePackage(ctx, 300<<20)
	if err != nil {
		return err
	}
	real := filepath.Join(l.shared, "apk", "alpine", realArch, largestReal)
	for _, p := range []struct{ name, path string }{{"of a package of 300 MB", large}, {"of " + largestReal, real}} {
		info, err := os.Stat(p.path)
		if err != nil {
			return err
		}
		var memory report.Series
		times, err := l.repeat(ctx, min(l.runs, 3), nil, func(ctx context.Context) (float64, error) {
			took, peak, err := l.program(ctx, "facts", "--apk="+p.path, "--facts-out="+filepath.Join(l.dir, "scratch", "facts"), "--layer-out="+filepath.Join(l.dir, "scratch", "descriptor"))
			memory = append(memory, float64(peak))
			return took.Seconds(), err
		})
		if err != nil {
			return err
		}
		l.add(report.Row{Scenario: "tool", Name: "`ocibuild facts` " + p.name + ": time", Unit: report.Seconds, Values: times,
			Note: fmt.Sprintf("The file has %s.", report.Bytes.Format(float64(info.Size())))})
		l.add(report.Row{Scenario: "tool", Name: "`ocibuild facts` " + p.name + ": peak memory", Unit: report.Bytes, Values: memory, Want: "< 64 MB"})
	}
	return nil
}

const largestReal = "wpa_supplicant-2.10-r9.apk"

// program runs ocibuild and returns its wall time and its peak memory in bytes.
func (l *lab) program(ctx context.Context, args ...string) (time.Duration, int64, error) {
	cmd := exec.CommandContext(ctx, l.ocibuild, args...)
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	peak := make(chan int64)
	go func() { peak <- watch(cmd.Process.Pid) }()
	err := cmd.Wait()
	took := time.Since(start)
	if err != nil {
		err = fmt.Errorf("ocibuild %s: %w", args[0], err)
	}
	return took, <-peak, err
}

var highWater = regexp.MustCompile(`(?m)^VmHWM:\s*(\d+) kB$`)

// watch returns the peak memory of a process in bytes, as last seen before its end. What the system says after it
// (ru_maxrss) counts the memory of the program that has started it, too.
func watch(pid int) int64 {
	var peak int64
	for {
		now, ok := peakMemory(fmt.Sprintf("/proc/%d", pid))
		if !ok {
			return peak
		}
		peak = now
		time.Sleep(time.Millisecond)
	}
}

// peakMemory returns that of a process in bytes, so far. There is none of a process that has ended.
func peakMemory(dir string) (int64, bool) {
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	m := highWater.FindSubmatch(status)
	if err != nil || m == nil {
		return 0, false
	}
	kilobytes, err := strconv.ParseInt(string(m[1]), 10, 64)
	return kilobytes * 1024, err == nil
}

// workerMemory returns the peak memory of each process that runs a program now.
func workerMemory(program string) (report.Series, error) {
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var peaks report.Series
	for _, dir := range processes {
		exe, err := os.Readlink(filepath.Join(dir, "exe"))
		if err != nil || exe != program {
			continue // another's process, or one that has ended
		}
		if peak, ok := peakMemory(dir); ok {
			peaks = append(peaks, float64(peak))
		}
	}
	return peaks, nil
}

// largePackage makes a package with size bytes that no compression makes smaller.
func (l *lab) largePackage(ctx context.Context, size int64) (string, error) {
	content := filepath.Join(l.dir, "scratch", "content")
	f, err := os.Create(content)
	if err != nil {
		return "", err
	}
	defer os.Remove(content)
	_, err = io.Copy(f, io.LimitReader(rand.NewChaCha8([32]byte{}), size))
	if err := errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	spec, err := json.Marshal(map[string]any{"name": "large", "version": "1-r0", "arch": realArch, "description": "generated", "license": "MIT"})
	if err != nil {
		return "", err
	}
	path := filepath.Join(l.dir, "scratch", "large.apk")
	return path, l.builder.Run(ctx, "package", "--package-spec="+string(spec), `--entry={"path":"/large"}`, "--file="+content, "--apk-out="+path)
}
