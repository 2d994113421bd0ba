package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/rules-apk/rules_apk/tools/internal/urlpath"
)

// Escape returns text of others so that it is one line and leaves a terminal as it is: control characters, those that
// turn the direction of writing round and bytes that are no UTF-8 come out as \uXXXX and \xXX. URLs lose their
// passwords.
func Escape(text string) string { return escape(text, "") }

func escape(text, kept string) string {
	clean := func(r rune, n int) bool {
		return strings.ContainsRune(kept, r) || !unicode.IsControl(r) && !directs(r) && (r != utf8.RuneError || n > 1)
	}
	text = urlpath.Redact(text)
	var b strings.Builder
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case clean(r, n):
			b.WriteString(text[i : i+n])
		case r == utf8.RuneError:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		default:
			// JSON has this escape, too: what is JSON stays it.
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		i += n
	}
	return b.String()
}

// directs tells characters that change the order of others on the screen, and line breaks that are no control
// characters.
func directs(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x2028 || r == 0x2029 || r == 0x200e || r == 0x200f
}

// Writer does to what is written through it what Escape does, but for line breaks and tabs.
type Writer struct {
	w    io.Writer
	one  sync.Mutex // writes at a time
	rest []byte     // the beginning of a character whose end was not written yet
}

// Escaped returns a writer to w.
func Escaped(w io.Writer) *Writer { return &Writer{w: w} }

// Unwrap returns the writer below, which is for nothing but what this program makes itself.
func (e *Writer) Unwrap() io.Writer { return e.w }

func (e *Writer) Write(p []byte) (int, error) {
	e.one.Lock()
	defer e.one.Unlock()
	text := append(e.rest, p...)
	end := len(text)
	for i := max(0, end-utf8.UTFMax+1); i < end; i++ {
		if utf8.RuneStart(text[i]) && !utf8.FullRune(text[i:]) {
			end = i
		}
	}
	e.rest = append([]byte(nil), text[end:]...)
	if _, err := io.WriteString(e.w, escape(string(text[:end]), "\n\t")); err != nil {
		return 0, err
	}
	return len(p), nil
}
