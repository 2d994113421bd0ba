// Package flagfile lets arguments of a program travel in files: command lines have a greatest length.
package flagfile

import (
	"fmt"
	"os"
	"strings"
)

// Expand replaces each --flagfile=PATH by the arguments in that file. They stand there as Bazel's format "shell" has
// them: one a line; one with any but plain characters, such as the line break that a file's name may hold, is in single
// quotes as in a shell. Other lines are taken as they are, and empty ones are none.
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
		found, err := parse(string(data))
		if err != nil {
			return nil, fmt.Errorf("reading arguments: %s: %w", path, err)
		}
		out = append(out, found...)
	}
	return out, nil
}

func parse(text string) ([]string, error) {
	var args []string
	for text != "" {
		if text[0] == '\'' {
			arg, rest, err := unquote(text)
			if err != nil {
				return nil, err
			}
			args, text = append(args, arg), rest
			continue
		}
		var line string
		line, text, _ = strings.Cut(text, "\n")
		if line = strings.TrimRight(line, "\r"); line != "" {
			args = append(args, line)
		}
	}
	return args, nil
}

// unquote returns the argument that text begins with, and the lines behind it.
func unquote(text string) (arg, rest string, err error) {
	rest = text
	for {
		part, after, ok := strings.Cut(rest[1:], "'")
		if !ok {
			return "", "", fmt.Errorf("an argument begins with %.40q, want a quote at its end", text)
		}
		arg += part
		switch {
		case after == "" || after[0] == '\n':
			return arg, strings.TrimPrefix(after, "\n"), nil
		case strings.HasPrefix(after, `\''`):
			arg, rest = arg+"'", after[2:]
		default:
			return "", "", fmt.Errorf(`an argument has %.40q behind a quote, want the line's end or \''`, after)
		}
	}
}
