package report

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Row is one line of the table.
type Row struct {
	Scenario string   `json:"scenario"`
	Name     string   `json:"name"`
	Unit     Unit     `json:"unit"`
	Values   Series   `json:"values"`             // in the order in which they were measured
	Baseline *float64 `json:"baseline,omitempty"` // median of the empty genrule's build in the same state
	Want     string   `json:"want,omitempty"`     // the target, in words
	Note     string   `json:"note,omitempty"`
}

// Over is by how much the median exceeds the baseline.
func (r Row) Over() (float64, bool) {
	if r.Baseline == nil {
		return 0, false
	}
	return r.Values.Median() - *r.Baseline, true
}

// Report is a whole run.
type Report struct {
	Preamble []string `json:"preamble"` // sentences: what was measured on what
	Rows     []Row    `json:"rows"`
}

// Add adds a row.
func (r *Report) Add(row Row) { r.Rows = append(r.Rows, row) }

// Markdown writes preamble and table.
func (r *Report) Markdown() string {
	var b strings.Builder
	for _, sentence := range r.Preamble {
		fmt.Fprintf(&b, "%s\n", sentence)
	}
	b.WriteString("\n| what | median | min to max | runs | over an empty genrule | wanted |\n")
	b.WriteString("| --- | --- | --- | --- | --- | --- |\n")
	var notes []string
	for _, row := range r.Rows {
		name := row.Name
		if row.Note != "" {
			notes = append(notes, row.Note)
			name += fmt.Sprintf(" [%d]", len(notes))
		}
		spread, over := "", ""
		if len(row.Values) > 1 {
			spread = row.Unit.Format(row.Values.Min()) + " to " + row.Unit.Format(row.Values.Max())
		}
		if value, ok := row.Over(); ok {
			over = row.Unit.Format(value)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %s | %s |\n", name, row.Unit.Format(row.Values.Median()), spread, len(row.Values), over, row.Want)
	}
	for i, note := range notes {
		fmt.Fprintf(&b, "\n[%d] %s\n", i+1, note)
	}
	return b.String()
}

// WriteJSON writes the report to a file.
func (r *Report) WriteJSON(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return replace(path, append(text, '\n'))
}

// The lines between which Insert writes.
const (
	Begin = "<!-- measured: begin; written by `cd e2e && go run ./bench --markdown ../docs/performance.md` -->"
	End   = "<!-- measured: end -->"
)

// Insert puts the report between the lines Begin and End of a file, in place of what is there.
func (r *Report) Insert(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, rest, ok := strings.Cut(string(text), Begin+"\n")
	_, tail, ok2 := strings.Cut(rest, End)
	if !ok || !ok2 {
		return fmt.Errorf("%s: it lacks the line %q, or after it %q; add them where the table is to be", path, Begin, End)
	}
	return replace(path, []byte(head+Begin+"\n\n"+r.Markdown()+"\n"+End+tail))
}

func replace(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(content); err != nil {
		f.Close()
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
