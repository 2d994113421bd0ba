package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
)

// A worker may take for a file what it remembers under the digest that the request states, and nothing else.
func TestFactsAreRememberedByDigest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "facts")
	write := func(name string) {
		t.Helper()
		if err := os.WriteFile(path, fmt.Appendf(nil, `{"format":%d,"name":%q}`, apkfacts.Format, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var memory factsMemory
	for _, test := range []struct{ content, digest, want string }{
		{"one", "1", "one"},
		{"two", "2", "two"},
		{"none", "1", "one"},
		{"three", "", "three"}, // a request need not state any
		{"four", "", "four"},
	} {
		write(test.content)
		known := knownFacts{&memory, map[string]string{path: test.digest}}
		facts, err := known.read(context.Background(), []string{path})
		if err != nil {
			t.Fatal(err)
		}
		if facts[0].Name != test.want {
			t.Errorf("file %q with digest %q: got %q, want %q", test.content, test.digest, facts[0].Name, test.want)
		}
	}
	// What does not fit is forgotten.
	memory.put("3", &apkfacts.Facts{}, mostFacts)
	if memory.get("1") != nil || memory.get("3") == nil {
		t.Errorf("after facts as large as the memory got %d, want only these", len(memory.facts))
	}
	// Without a worker nothing is remembered.
	if facts, err := (knownFacts{}).read(context.Background(), []string{path}); err != nil || facts[0].Name != "four" {
		t.Errorf("without a worker: got %v, %v", facts, err)
	}
}
