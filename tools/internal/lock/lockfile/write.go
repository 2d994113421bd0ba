package lockfile

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/jsondoc"
)

// Marshal checks the lock and renders it: the same lock gives the same bytes. Every package and every repository has a
// line of its own.
func Marshal(l *Lock) ([]byte, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	w := &writer{}
	w.line("{")
	w.line("  %q: %d,", "version", l.Version)
	w.line("  %q: {", "config")
	w.list("    ", "archs", l.Config.Archs, ",")
	w.list("    ", "packages", l.Config.Packages, ",")
	w.list("    ", "repositories", l.Config.Repositories, ",")
	if l.Config.RequireSameVersion {
		w.list("    ", "keyring", l.Config.Keyring, ",")
		w.line("    %q: true", "require_same_version")
	} else {
		w.list("    ", "keyring", l.Config.Keyring, "")
	}
	w.line("  },")
	if len(l.Notes) > 0 {
		w.list("  ", "notes", l.Notes, ",")
	}
	writeList(w, "  ", "repositories", l.Repositories, ",")
	writeList(w, "  ", "packages", l.Packages, "")
	w.line("}")
	return w.buf.Bytes(), w.err
}

type writer struct {
	buf bytes.Buffer
	err error
}

func (w *writer) line(format string, args ...any) {
	fmt.Fprintf(&w.buf, format+"\n", args...)
}

func (w *writer) list(indent, key string, items []string, end string) {
	writeList(w, indent, key, items, end)
}

// writeList puts each item on its own line, so that a change of one is a change of one line.
func writeList[T any](w *writer, indent, key string, items []T, end string) {
	if len(items) == 0 {
		w.line("%s%q: []%s", indent, key, end)
		return
	}
	w.line("%s%q: [", indent, key)
	for i, item := range items {
		w.line("%s  %s%s", indent, w.json(item), comma(i, len(items)))
	}
	w.line("%s]%s", indent, end)
}

func comma(i, n int) string {
	if i < n-1 {
		return ","
	}
	return ""
}

func (w *writer) json(v any) string {
	line, err := jsondoc.Line(v)
	if err != nil {
		w.err = err
	}
	return strings.TrimSuffix(string(line), "\n")
}
