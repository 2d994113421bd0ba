package apkscript

import (
	"archive/tar"
	"bufio"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/rules-apk/rules_apk/tools/internal/test/realpackages"
)

// No script makes the reader fail, and what is left of one is lines that a warning can hold.
func FuzzRun(f *testing.F) {
	for _, script := range []string{
		"#!/bin/sh\nset -e\naddgroup -S -g 42 shadow 2>/dev/null\n", "u=x\nadduser -SDH -h /var/lib/$u -s /sbin/nologin -G ${u} -g \"the $u\" -u 7 $u >/dev/null 2>&1 || :",
		"if [ -x /bin/sh ] && [ ! -d /nothing ]; then mkdir -p /a; else rm -rf /; fi", "case \"$(readlink /bin/sh 2>/dev/null || true)\" in\n/bin/busy*) mkdir -p /a;;\n*) rm x;;\nesac",
		"chown root:shadow /etc/shadow\nchmod 640 /etc/shadow", "exec busybox --install -s", "((((", "x=$x$x$x", "\"\" a", "[ ! ! ! a ]", "adduser a b", "echo ${a:-${b}}",
	} {
		f.Add(script)
	}
	for _, file := range realpackages.Files(f, "*/x86_64/*.apk", 1<<20) {
		for _, script := range scripts(f, file) {
			f.Add(script)
		}
	}
	f.Fuzz(func(t *testing.T, script string) {
		for _, line := range Run(script, newFake()) {
			if len(line) > 400 || strings.Contains(line, "\n") {
				t.Fatalf("left %q", line)
			}
		}
	})
}

// scripts returns those of a package.
func scripts(f *testing.F, file string) []string {
	in, err := os.Open(file)
	if err != nil {
		f.Fatal(err)
	}
	defer in.Close()
	zip, err := gzip.NewReader(bufio.NewReader(in))
	if err != nil {
		return nil
	}
	var found []string
	for archive := tar.NewReader(zip); ; {
		h, err := archive.Next()
		if err != nil || !strings.HasPrefix(h.Name, ".") {
			return found
		}
		if strings.HasPrefix(h.Name, ".p") || h.Name == ".trigger" {
			text, err := io.ReadAll(archive)
			if err != nil {
				return found
			}
			found = append(found, string(text))
		}
	}
}
