package main

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The configuration in docs/renovate.md finds what it says, and nothing else: Renovate's expressions are RE2's, as
// Go's.
func TestRenovate(t *testing.T) {
	page, err := os.ReadFile("../../../docs/renovate.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(page), "```json\n")
	block, _, _ = strings.Cut(block, "```")
	var config struct {
		CustomManagers []struct {
			ManagerFilePatterns, MatchStrings      []string
			DatasourceTemplate, VersioningTemplate string
			ExtractVersionTemplate                 string
		}
	}
	if err := json.Unmarshal([]byte(block), &config); err != nil {
		t.Fatalf("%v:\n%s", err, block)
	}
	const yaml = `# openssl = pinned
repositories:
  - https://dl-cdn.alpinelinux.org/alpine/v3.19/main
  - url: https://dl-cdn.alpinelinux.org/alpine/v3.19/community
    mirrors: ["https://mirror.example.com/alpine/v3.18/community?a=1"]
archs: [x86_64]
packages: [openssl=3.1.4-r5, "libstdc++=13.2.1_git20231014-r0", tzdata, 'gtk+3.0=3.24.39-r0', busybox>1.36, zlib~1.3]
more:
  - py3-yaml=6.0.1-r1
`
	want := [][]string{
		{"openssl 3.1.4-r5", "libstdc++ 13.2.1_git20231014-r0", "gtk+3.0 3.24.39-r0", "py3-yaml 6.0.1-r1"},
		{"3.19", "3.19"},
	}
	if len(config.CustomManagers) != len(want) {
		t.Fatalf("got %d managers, want %d", len(config.CustomManagers), len(want))
	}
	for i, manager := range config.CustomManagers {
		pattern := strings.Trim(manager.ManagerFilePatterns[0], "/")
		for name, is := range map[string]bool{"apk.yaml": true, "images/apk.yaml": true, "myapk.yaml": false, "apk.yaml.old": false} {
			if regexp.MustCompile(pattern).MatchString(name) != is {
				t.Errorf("manager %d: a match of %s is %t, want %t", i, name, !is, is)
			}
		}
		expression := regexp.MustCompile(manager.MatchStrings[0])
		var got []string
		for _, m := range expression.FindAllStringSubmatch(yaml, -1) {
			got = append(got, strings.Join(m[1:], " "))
		}
		if !slices.Equal(got, want[i]) {
			t.Errorf("manager %d finds %q, want %q", i, got, want[i])
		}
	}
	extract := regexp.MustCompile(config.CustomManagers[1].ExtractVersionTemplate)
	if m := extract.FindStringSubmatch("3.20.3"); len(m) != 2 || m[1] != "3.20" || extract.MatchString("20240101") || extract.MatchString("3.20") {
		t.Errorf("the release of an image's tag: got %q", m)
	}
}
