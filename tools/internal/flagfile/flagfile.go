// Package flagfile lets arguments of a program travel in files: command lines have a greatest length.
package flagfile

import (
	"fmt"
	"os"
	"strings"
)

// Expand replaces each --flagfile=PATH by the lines of that file, without empty ones.
func Expand(args []string) ([]string, error) {
	var out []string
	for _, a := range args {
		path, ok := strings.CutPrefix(a, "--flagfile=")
		if !ok {
			out = append(out, a)
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading arguments: %w", err)
		}
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimRight(line, "\r\n"); line != "" {
				out = append(out, line)
			}
		}
	}
	return out, nil
}
