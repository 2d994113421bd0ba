package apkindex

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Field is one line of an entry of an index or of the database of installed packages: a letter, a colon and a value.
// Only NewField makes one, so that no value can be two lines: a second one would be a field, or even a package, that
// nobody wrote.
type Field struct{ line string }

// NewField returns the line of a value, which has no control characters but tabs.
func NewField(letter byte, value string) (Field, error) {
	for i := 0; i < len(value); i++ {
		if c := value[i]; c < 0x20 && c != '\t' || c == 0x7f {
			what := fmt.Sprintf("the control character 0x%02x", c)
			if c == '\n' || c == '\r' {
				what = "a line break"
			}
			return Field{}, fmt.Errorf("field %c has %s: %q; want one line of text", letter, what, clip(value))
		}
	}
	return Field{string(letter) + ":" + value + "\n"}, nil
}

// WriteTo writes the line.
func (f Field) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, f.line)
	return int64(n), err
}

// Fields returns the lines of one package with which both an index and the database of installed packages begin an
// entry.
func Fields(p *Package) ([]Field, error) {
	if p.Name == "" || p.Version == "" {
		return nil, fmt.Errorf("name is %q and version %q, want both", p.Name, p.Version)
	}
	var fields []Field
	for _, f := range []struct {
		letter byte
		value  string
	}{
		{'C', p.Checksum},
		{'P', p.Name},
		{'V', p.Version},
		{'A', p.Arch},
		{'S', strconv.FormatInt(p.Size, 10)},
		{'I', strconv.FormatInt(p.InstalledSize, 10)},
		{'T', p.Description},
		{'U', p.URL},
		{'L', p.License},
		{'o', p.Origin},
		{'m', p.Maintainer},
		{'t', nonZero(p.BuildTime)},
		{'c', p.Commit},
		{'k', nonZero(int64(p.ProviderPriority))},
		{'D', strings.Join(p.Depends, " ")},
		{'p', strings.Join(p.Provides, " ")},
		{'i', strings.Join(p.InstallIf, " ")},
	} {
		// apk writes these three even if they are empty, and others if the package itself has them so.
		if f.value == "" && !strings.ContainsRune("TUL"+p.Empty, rune(f.letter)) {
			continue
		}
		field, err := NewField(f.letter, f.value)
		if err != nil {
			return nil, err
		}
		fields = append(fields, field)
	}
	return fields, nil
}

func nonZero(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
