package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
)

// TestDocs compares the end of docs/apklock.md with what --help says.
func TestDocs(t *testing.T) {
	const marker = "-run TestDocs -->\n"
	path := filepath.Join("..", "..", "..", "docs", "apklock.md")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, _, ok := strings.Cut(string(content), marker)
	if !ok {
		t.Fatalf("%s: no line that ends in %q", path, marker)
	}
	var want bytes.Buffer
	want.WriteString(head + marker)
	for _, c := range program().Commands {
		fmt.Fprintf(&want, "\n### `apklock %s`\n\n```\n", c.Name)
		if err := program().Run(t.Context(), &cli.Process{Stdout: &want}, []string{c.Name, "--help"}); err != nil {
			t.Fatal(err)
		}
		want.WriteString("```\n")
	}
	if os.Getenv("UPDATE_DOCS") != "" {
		if err := os.WriteFile(path, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(content, want.Bytes()) {
		t.Errorf("%s is not what --help says; run: UPDATE_DOCS=1 go test ./tools/cmd/apklock -run TestDocs", path)
	}
}
