package apkresolve

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/test/realpackages"
)

// realWorld is 30 names over both indexes of Alpine 3.19.
const realWorld = `alpine-base openssh nginx postgresql16 redis python3 py3-pip nodejs npm git curl bash vim tmux htop
	rsync openssl ca-certificates tzdata jq docker podman gcc g++ make cmake go rust php82 ffmpeg`

// TestRealShuffled: neither the order of the index nor that of the world changes the answer, be it a solution or an
// error.
func TestRealShuffled(t *testing.T) {
	repositories := realRepositories(t)
	random := rand.New(rand.NewPCG(oracleSeed, 3))
	worlds := append(randomWorlds(oracleSeed+1, 12, repositories), strings.Fields(realWorld))
	var want []string
	answer := func(world []string) string {
		s, err := Resolve(Request{Arch: "x86_64", Repositories: repositories, World: parseWorld(t, world)})
		return fmt.Sprint(lines(s), err)
	}
	for _, world := range worlds {
		want = append(want, answer(world))
	}
	for range 2 {
		for i := range repositories {
			list := slices.Clone(repositories[i].Packages)
			random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			repositories[i].Packages = list
		}
		for i, world := range worlds {
			world = slices.Clone(world)
			random.Shuffle(len(world), func(i, j int) { world[i], world[j] = world[j], world[i] })
			if got := answer(world); got != want[i] {
				t.Errorf("world %v shuffled: got %s, want %s", world, got, want[i])
			}
		}
	}
}

// BenchmarkResolveReal answers a world of 30 names over both indexes of Alpine
// 3.19, once they are read.
func BenchmarkResolveReal(b *testing.B) {
	repositories := realRepositories(b)
	world := parseWorld(b, strings.Fields(realWorld))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Resolve(Request{Arch: "x86_64", Repositories: repositories, World: world}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadAndResolveReal reads both indexes too.
func BenchmarkReadAndResolveReal(b *testing.B) {
	world := parseWorld(b, strings.Fields(realWorld))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Resolve(Request{Arch: "x86_64", Repositories: realRepositories(b), World: world}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommandReal does it from the command line: a process of apklock that reads, verifies and parses both
// indexes, and resolves.
func BenchmarkCommandReal(b *testing.B) {
	command := filepath.Join(b.TempDir(), "apklock")
	if out, err := exec.Command("go", "build", "-o", command, "../../../cmd/apklock").CombinedOutput(); err != nil {
		b.Skipf("building apklock: %v\n%s", err, out)
	}
	index := filepath.Join(realpackages.Dir(b), "index/alpine-3.19")
	args := []string{
		"resolve", "--arch=x86_64", "--keyring=" + filepath.Join(realpackages.Dir(b), "keys"),
		"--repository=" + filepath.Join(index, "main"), "--repository=" + filepath.Join(index, "community"),
	}
	args = append(args, strings.Fields(realWorld)...)
	var memory int64
	for b.Loop() {
		cmd := exec.Command(command, args...)
		if err := cmd.Run(); err != nil {
			b.Fatal(err)
		}
		if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			memory = max(memory, usage.Maxrss)
		}
	}
	b.ReportMetric(float64(memory)/1024, "peak-MiB")
}

// BenchmarkApkReal has the real apk answer the same, for comparison.
func BenchmarkApkReal(b *testing.B) {
	oracle := newOracle(b)
	var names []string
	for _, repository := range []string{"main", "community"} {
		name, err := oracle.AddSigned(repository, realIndex(b, repository))
		if err != nil {
			b.Fatal(err)
		}
		names = append(names, name)
	}
	for b.Loop() {
		if _, err := oracle.Simulate(names, strings.Fields(realWorld)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHard answers a request that takes a search.
func BenchmarkHard(b *testing.B) {
	request := clauses(3, 40)
	for b.Loop() {
		if _, err := Resolve(request); err != nil {
			b.Fatal(err)
		}
	}
}
