package apkindex

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkname"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apktime"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkversion"
)

// The limits of the text, beside maxText.
const (
	// maxEntry bounds one package's entry, in bytes. The longest line in Alpine
	// 3.19 has 24,000.
	maxEntry    = 4 << 20
	maxPackages = 1 << 20
	// maxWords bounds what all packages together depend on, provide and so on. Alpine 3.19 has 134,000.
	maxWords = 1 << 24
)

// parse reads the text of an APKINDEX. Packages come in the order of the file. Only one entry is held as text at a
// time.
func parse(r io.Reader) ([]*Package, error) {
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
	// structs and words are blocks that entries are cut from: allocating each alone would cost more than all the rest.
	structs []Package
	words   []string
	count   int // of words
}

// entry reads lines up to an empty one and makes a package of them, or io.EOF where there are none.
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

var errTooLong = fmt.Errorf("the entry of one package is longer than %d bytes, want at most that", maxEntry)

// readLine appends a line to p.text, without its end.
func (p *parser) readLine() error {
	p.line++
	for {
		chunk, err := p.lines.ReadSlice('\n')
		p.text = append(p.text, chunk...)
		if errors.Is(err, bufio.ErrBufferFull) {
			if len(p.text) > maxEntry {
				return errTooLong
			}
			continue
		}
		if len(p.text) > maxEntry {
			return errTooLong
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
		if i := controlAt(field); i >= 0 {
			return fmt.Errorf("APKINDEX line %d: field %c has the control character %#02x: %q; want text", line, field[0], field[i], clip(field[2:]))
		}
		if err := p.set(pkg, field[0], field[2:]); err != nil {
			return fmt.Errorf("APKINDEX line %d: field %c: %w", line, field[0], err)
		}
	}
	if err := check(pkg); err != nil {
		return fmt.Errorf("APKINDEX line %d: the package above: %w", line, err)
	}
	if len(p.packages) == maxPackages {
		return fmt.Errorf("APKINDEX line %d: more than %d packages, want at most that", line, maxPackages)
	}
	p.structs = p.structs[1:]
	p.packages = append(p.packages, pkg)
	return nil
}

// controlAt returns where the first control character is, or -1. Texts go to terminals and into the lines of databases.
func controlAt(s string) int {
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\t' || s[i] == 0x7f {
			return i
		}
	}
	return -1
}

// check refuses what nobody could use: the name and version make a file name, and the checksum is all that vouches for
// the package.
func check(pkg *Package) error {
	if pkg.Name == "" {
		return errors.New("it has no name (field P); want one")
	}
	if _, err := apkname.Parse(pkg.Name); err != nil {
		return err
	}
	if pkg.Version == "" {
		return fmt.Errorf("package %q has no version (field V); want one", pkg.Name)
	}
	if _, err := apkversion.Parse(pkg.Version); err != nil {
		return fmt.Errorf("package %q: %w", pkg.Name, err)
	}
	if pkg.Checksum == "" {
		return fmt.Errorf("package %q has no checksum (field C), so nothing vouches for its file; want Q1 and the base64 of its control section's SHA-1", pkg.Name)
	}
	if !isChecksum(pkg.Checksum) {
		return fmt.Errorf("package %q: checksum (field C) is %q, want Q1 and the base64 of its control section's SHA-1", pkg.Name, clip(pkg.Checksum))
	}
	return nil
}

func isChecksum(s string) bool {
	encoded, ok := strings.CutPrefix(s, "Q1")
	sum, err := base64.StdEncoding.DecodeString(encoded)
	return ok && err == nil && len(sum) == sha1.Size
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
		if pkg.BuildTime, err = number(value); err == nil {
			err = apktime.Check(pkg.BuildTime)
		}
	case 'k':
		var n int64
		n, err = number(value)
		pkg.ProviderPriority = int(min(n, math.MaxInt32))
	case 'D':
		pkg.Depends, err = p.extend(pkg.Depends, value)
	case 'p':
		pkg.Provides, err = p.extend(pkg.Provides, value)
	case 'i':
		pkg.InstallIf, err = p.extend(pkg.InstallIf, value)
	case 'r':
		pkg.Replaces, err = p.extend(pkg.Replaces, value)
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
	if n < 0 {
		return 0, fmt.Errorf("got %d, want a number that is not below 0", n)
	}
	return n, nil
}

// extend adds the words of a line to a list: as to apk, all lines of a letter count. Of the fields that are no lists
// the last line does.
func (p *parser) extend(list []string, line string) ([]string, error) {
	words, err := p.split(line)
	if len(list) == 0 {
		return words, err
	}
	return append(list, words...), err
}

// split cuts a list at its blanks.
func (p *parser) split(s string) ([]string, error) {
	n := 0
	for rest := s; ; n++ {
		rest = strings.TrimLeft(rest, " ")
		if rest == "" {
			break
		}
		_, rest, _ = strings.Cut(rest, " ")
	}
	if n == 0 {
		return nil, nil
	}
	if p.count += n; p.count > maxWords {
		return nil, fmt.Errorf("more than %d words in the lists of the index, want at most that", maxWords)
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
	return list, nil
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
