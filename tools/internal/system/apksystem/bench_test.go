package apksystem

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// benchmark builds system layers of what make returns for each of the sizes.
func benchmark(b *testing.B, sizes []int, make func(n int) (*Spec, *apkfacts.Facts)) {
	for _, n := range sizes {
		spec, p := make(n)
		spec.Arch = "x86_64"
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if _, _, err := Build(io.Discard, spec, []*apkfacts.Facts{p}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// lines repeats a line with a number in it.
func lines(n int, format string) string {
	var s strings.Builder
	for i := range n {
		fmt.Fprintf(&s, format, i)
	}
	return s.String()
}

func BenchmarkAdduser(b *testing.B) {
	benchmark(b, []int{800, 1600, 3200}, func(n int) (*Spec, *apkfacts.Facts) {
		p := pkg("a", "")
		p.Scripts = map[string]string{".post-install": lines(n, "adduser -D u%d\n")}
		return &Spec{}, p
	})
}

// Members of one group, which each command adds one more to.
func BenchmarkMembers(b *testing.B) {
	benchmark(b, []int{800, 1600, 3200}, func(n int) (*Spec, *apkfacts.Facts) {
		p := pkg("a", "", file("etc/passwd", lines(n, "u%[1]d:x:%[1]d:0:::\n")), file("etc/group", "g:x:5:\n"))
		p.Scripts = map[string]string{".post-install": lines(n, "addgroup u%d g\n")}
		return &Spec{}, p
	})
}

func BenchmarkAppletList(b *testing.B) {
	benchmark(b, []int{10_000, 20_000, 40_000}, func(n int) (*Spec, *apkfacts.Facts) {
		return &Spec{}, pkg("a", "", file("bin/busybox", ""), file("etc/busybox-paths.d/busybox", lines(n, "bin/a%d\n")))
	})
}

func BenchmarkInstallCommands(b *testing.B) {
	benchmark(b, []int{500, 1000, 2000}, func(n int) (*Spec, *apkfacts.Facts) {
		p := pkg("a", "", file("bin/busybox", ""), file("etc/busybox-paths.d/busybox", lines(n, "bin/a%d\n")))
		p.Scripts = map[string]string{".post-install": lines(n, "busybox --install -s #%d\n")}
		return &Spec{}, p
	})
}

// Files that are an account's by name, which has another number here.
func BenchmarkOwners(b *testing.B) {
	benchmark(b, []int{10_000, 20_000, 40_000}, func(n int) (*Spec, *apkfacts.Facts) {
		entries := []apkfacts.Entry{file("etc/passwd", "u:x:7:0:::\n")}
		for i := range n {
			e := file(fmt.Sprintf("d/%d", i), "")
			e.Uname, e.UID = "u", 9
			entries = append(entries, e)
		}
		return &Spec{}, pkg("a", "", entries...)
	})
}

func BenchmarkHidden(b *testing.B) {
	benchmark(b, []int{4_000, 8_000, 16_000}, func(n int) (*Spec, *apkfacts.Facts) {
		var entries []apkfacts.Entry
		for i := range n {
			entries = append(entries, file(fmt.Sprintf(".%d", i), ""))
		}
		return &Spec{}, pkg("a", "", entries...)
	})
}

func BenchmarkDeclaredPaths(b *testing.B) {
	benchmark(b, []int{2_000, 4_000, 8_000}, func(n int) (*Spec, *apkfacts.Facts) {
		spec := &Spec{}
		for i := range n {
			spec.Paths = append(spec.Paths, Path{Type: "empty-file", Path: fmt.Sprintf("/d/%d", i)})
		}
		return spec, pkg("a", "")
	})
}

func BenchmarkLdConf(b *testing.B) {
	benchmark(b, []int{10_000, 20_000, 40_000}, func(n int) (*Spec, *apkfacts.Facts) {
		libc := apkfacts.Entry{Path: imagepath.Must("lib/libc.so.6"), Mode: 0o755, Library: &apkfacts.Library{Soname: "libc.so.6", Machine: "x86_64", Class: 64}}
		entries := []apkfacts.Entry{libc, file("etc/ld.so.conf", lines(n, "/opt/%d\n")+"include ld.so.conf\n")}
		for i := range n / 10 {
			entries = append(entries, file(fmt.Sprintf("opt/%d/libx.so", i), ""))
		}
		return &Spec{}, pkg("a", "", entries...)
	})
}
