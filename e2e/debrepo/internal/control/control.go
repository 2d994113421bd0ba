// Package control reads Debian's control files: stanzas of "Field: value" lines (deb822(5)), and the relations that
// some of the values hold (deb-control(5)).
package control

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Stanza is one paragraph, by field name. A value keeps its line breaks, each continuation line without the one
// character that marks it as such.
type Stanza map[string]string

// Read calls visit for each stanza of r.
func Read(r io.Reader, visit func(Stanza) error) error {
	lines := bufio.NewReaderSize(r, 1<<16)
	stanza, field := Stanza{}, ""
	flush := func() error {
		if len(stanza) == 0 {
			return nil
		}
		done := stanza
		stanza, field = Stanza{}, ""
		return visit(done)
	}
	for number := 1; ; number++ {
		line, err := lines.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		end := err != nil
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.TrimSpace(line) == "":
			if err := flush(); err != nil {
				return err
			}
		case line[0] == '#':
		case line[0] == ' ' || line[0] == '\t':
			if field == "" {
				return fmt.Errorf("line %d: %q continues nothing", number, line)
			}
			stanza[field] += "\n" + line[1:]
		default:
			name, value, ok := strings.Cut(line, ":")
			if !ok {
				return fmt.Errorf("line %d: %q, want Field: value", number, line)
			}
			field = name
			stanza[field] = strings.TrimSpace(value)
		}
		if end {
			return flush()
		}
	}
}

// One returns the only stanza of r.
func One(r io.Reader) (Stanza, error) {
	var found []Stanza
	err := Read(r, func(s Stanza) error {
		found = append(found, s)
		return nil
	})
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("%d stanzas, want one", len(found))
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}
