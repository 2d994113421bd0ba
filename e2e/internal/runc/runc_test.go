package runc

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/image"
)

const hello = `package main

import ("fmt"; "os"; "runtime")

func main() {
	text, err := os.ReadFile("/etc/greeting")
	if err != nil { fmt.Println(err); os.Exit(3) }
	fmt.Print(string(text), " ", runtime.GOARCH, " ", os.Args[1:], "\n")
}
`

func TestRun(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		t.Run(arch, func(t *testing.T) {
			base := image.Layer(t,
				image.File{Name: "usr/", Mode: 0o755}, image.File{Name: "usr/bin/", Mode: 0o755},
				image.File{Name: "bin", Link: "/usr/bin"}, image.File{Name: "etc/", Mode: 0o755},
				image.File{Name: "etc/greeting", Mode: 0o644, Body: []byte("old")}, image.File{Name: "etc/gone", Mode: 0o644},
				image.File{Name: "proc/", Mode: 0o755}, image.File{Name: "dev/", Mode: 0o755}, image.File{Name: "tmp/", Mode: 0o755})
			top := image.Layer(t,
				image.File{Name: "etc/greeting", Mode: 0o600, Body: []byte("hello")}, image.File{Name: "etc/.wh.gone"},
				// Goes through the link of the layer below.
				image.File{Name: "bin/hello", Mode: 0o755, Body: image.Program(t, arch, hello)})
			dir := image.Write(t, image.Index(t, image.New(t, arch, []string{"/bin/hello", "there"}, base, top)))

			c := New(t, dir, arch)
			if r := c.Run(t); r.Err != nil || r.Stdout != "hello "+arch+" [there]\n" {
				t.Error(r)
			}
			if r := c.Run(t, "/usr/bin/hello"); r.Err != nil || r.Stdout != "hello "+arch+" []\n" {
				t.Error(r)
			}
			if _, err := os.Lstat(filepath.Join(c.Root, "etc/gone")); !os.IsNotExist(err) {
				t.Errorf("etc/gone: %v, want it removed by its whiteout", err)
			}
			if err := os.Remove(filepath.Join(c.Root, "etc/greeting")); err != nil {
				t.Fatal(err)
			}
			if r := c.Run(t); r.Code != 3 {
				t.Errorf("want exit code 3, got %s", r)
			}
		})
	}
}
