package apkindex

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxLine bounds a line of an index, in bytes. The longest in Alpine 3.19 has
// 11,000.
const maxLine = 16 << 20

// Parse reads the text of an APKINDEX. Packages come in the order of the file.
// Only one entry is held as text at a time.
func Parse(r io.Reader) ([]*Package, error) {
	p := parser{lines: bufio.NewReaderSize(r, 64<<10)}
	for {
		err := p.entry()
		if errors.Is(err, io.EOF) {
			return p.packages, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// parser keeps what lives longer than one entry.
type parser struct {
	lines    *bufio.Reader
	line     int // number of the last line read
	text     []byte
	packages []*Package
	// structs and words are blocks that entries are cut from: allocating each
	// alone would cost more than all the rest.
	structs []Package
	words   []string
}

// entry reads lines up to an empty one and makes a package of them, or io.EOF
// where there are none.
func (p *parser) entry() error {
	p.text = p.text[:0]
	first := p.line + 1
	var end error
	for end == nil {
		start := len(p.text)
		end = p.readLine()
		if end != nil && !errors.Is(end, io.EOF) {
			return fmt.Errorf("APKINDEX line %d: %w", p.line, end)
		}
		if len(p.text) == start && end == nil {
			if start == 0 {
				first = p.line + 1
				continue // several empty lines
			}
			break
		}
		if len(p.text) > start {
			p.text = append(p.text, '\n')
		}
	}
	if len(p.text) == 0 {
		return io.EOF
	}
	// One string per entry; all fields are parts of it.
	return p.parse(string(p.text), first)
}

// readLine appends a line to p.text, without its end.
func (p *parser) readLine() error {
	p.line++
	start := len(p.text)
	for {
		chunk, err := p.lines.ReadSlice('\n')
		p.text = append(p.text, chunk...)
		if errors.Is(err, bufio.ErrBufferFull) {
			if len(p.text)-start > maxLine {
				return fmt.Errorf("longer than %d bytes: not an APKINDEX", maxLine)
			}
			continue
		}
		p.text = bytes.TrimSuffix(p.text, []byte("\n"))
		return err
	}
}

func (p *parser) parse(text string, line int) error {
	if len(p.structs) == 0 {
		p.structs = make([]Package, 512)
	}
	pkg := &p.structs[0]
	for ; text != ""; line++ {
		var field string
		field, text, _ = strings.Cut(text, "\n")
		if len(field) < 2 || field[1] != ':' {
			return fmt.Errorf("APKINDEX line %d: got %q, want a letter, a colon and a value", line, clip(field))
		}
		if err := p.set(pkg, field[0], field[2:]); err != nil {
			return fmt.Errorf("APKINDEX line %d: field %c: %w", line, field[0], err)
		}
	}
	switch {
	case pkg.Name == "":
		return fmt.Errorf("APKINDEX line %d: the package above has no name (field P)", line)
	case pkg.Version == "":
		return fmt.Errorf("APKINDEX line %d: package %q has no version (field V)", line, pkg.Name)
	}
	p.structs = p.structs[1:]
	p.packages = append(p.packages, pkg)
	return nil
}

func (p *parser) set(pkg *Package, letter byte, value string) (err error) {
	switch letter {
	case 'C':
		pkg.Checksum = value
	case 'P':
		pkg.Name = value
	case 'V':
		pkg.Version = value
	case 'A':
		pkg.Arch = value
	case 'T':
		pkg.Description = value
	case 'U':
		pkg.URL = value
	case 'L':
		pkg.License = value
	case 'o':
		pkg.Origin = value
	case 'm':
		pkg.Maintainer = value
	case 'c':
		pkg.Commit = value
	case 'S':
		pkg.Size, err = number(value)
	case 'I':
		pkg.InstalledSize, err = number(value)
	case 't':
		pkg.BuildTime, err = number(value)
	case 'k':
		var n int64
		n, err = number(value)
		pkg.ProviderPriority = int(n)
	case 'D':
		pkg.Depends = p.split(value)
	case 'p':
		pkg.Provides = p.split(value)
	case 'i':
		pkg.InstallIf = p.split(value)
	case 'r':
		pkg.Replaces = p.split(value)
	default:
		// Newer than this program.
		if letter >= 'A' && letter <= 'Z' {
			pkg.Unknown += string(letter)
		}
	}
	return err
}

func number(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("got %q, want a number", clip(s))
	}
	return n, nil
}

// split cuts a list at its blanks.
func (p *parser) split(s string) []string {
	n := 0
	for rest := s; ; n++ {
		rest = strings.TrimLeft(rest, " ")
		if rest == "" {
			break
		}
		_, rest, _ = strings.Cut(rest, " ")
	}
	if n == 0 {
		return nil
	}
	if len(p.words) < n {
		p.words = make([]string, max(4096, n))
	}
	list := p.words[:n:n]
	p.words = p.words[n:]
	for i := range list {
		s = strings.TrimLeft(s, " ")
		list[i], s, _ = strings.Cut(s, " ")
	}
	return list
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
