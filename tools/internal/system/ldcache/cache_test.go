package ldcache

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestCompareNames(t *testing.T) {
	// In ascending order.
	names := []string{"ld-linux.so.2", "liba", "liba.so.1", "liba.so.2", "liba.so.10", "liba.so.10.1", "libab.so", "lib1"}
	for i, a := range names {
		for j, b := range names {
			got, want := compareNames(a, b), 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got != want {
				t.Errorf("compareNames(%q, %q) = %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestEncodeRefusesAnUnknownMachine(t *testing.T) {
	_, err := Encode([]Entry{{Soname: "liba.so", Path: "/lib/liba.so", Machine: "elf:99"}})
	if err == nil || !strings.Contains(err.Error(), "elf:99") {
		t.Errorf("error is %v, want one about the machine", err)
	}
}

// glibc's own program reads the cache back.
func TestReadBackByLdconfig(t *testing.T) {
	ldconfig, err := exec.LookPath("ldconfig")
	if err != nil {
		ldconfig = "/sbin/ldconfig"
	}
	if out, err := exec.Command(ldconfig, "--version").Output(); err != nil || !strings.Contains(string(out), "GLIBC") && !strings.Contains(string(out), "GNU libc") {
		t.Skip("no ldconfig of glibc here")
	}
	entries := []Entry{
		{Soname: "libz.so.1", Path: "/usr/lib/libz.so.1", Machine: "x86_64"},
		{Soname: "liba.so.9", Path: "/usr/lib/liba.so.9", Machine: "x86_64"},
		{Soname: "liba.so.10", Path: "/usr/lib/liba.so.10", Machine: "x86_64"},
		{Soname: "liba.so.10", Path: "/usr/lib/glibc-hwcaps/x86-64-v3/liba.so.10", Hwcap: "x86-64-v3", Machine: "x86_64"},
		{Soname: "liba.so.10", Path: "/usr/lib/glibc-hwcaps/x86-64-v2/liba.so.10", Hwcap: "x86-64-v2", Machine: "x86_64"},
		{Soname: "libarm.so.1", Path: "/usr/lib/libarm.so.1", Machine: "aarch64"},
	}
	data, err := Encode(entries)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(entries)
	if again, err := Encode(entries); err != nil || string(again) != string(data) {
		t.Errorf("another order of the entries gives other bytes (%v)", err)
	}
	file := filepath.Join(t.TempDir(), "cache")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(ldconfig, "-p", "-C", file).CombinedOutput()
	if err != nil {
		t.Fatalf("ldconfig -p: %v\n%s", err, out)
	}
	var got []string
	for line := range strings.Lines(string(out)) {
		if m := regexp.MustCompile(`^\t(\S+) \((.*)\) => (\S+)`).FindStringSubmatch(line); m != nil {
			got = append(got, fmt.Sprintf("%s (%s) %s", m[1], m[2], m[3]))
		}
	}
	want := []string{
		"libz.so.1 (libc6,x86-64) /usr/lib/libz.so.1",
		"libarm.so.1 (libc6,AArch64) /usr/lib/libarm.so.1",
		`liba.so.10 (libc6,x86-64, hwcap: "x86-64-v2") /usr/lib/glibc-hwcaps/x86-64-v2/liba.so.10`,
		`liba.so.10 (libc6,x86-64, hwcap: "x86-64-v3") /usr/lib/glibc-hwcaps/x86-64-v3/liba.so.10`,
		"liba.so.10 (libc6,x86-64) /usr/lib/liba.so.10",
		"liba.so.9 (libc6,x86-64) /usr/lib/liba.so.9",
	}
	if !slices.Equal(got, want) {
		t.Errorf("ldconfig reads\n%s\nwant\n%s\nout of\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"), out)
	}
	if !strings.Contains(string(out), "6 libs found") || !strings.Contains(string(out), generator) {
		t.Errorf("ldconfig says\n%s", out)
	}
}
