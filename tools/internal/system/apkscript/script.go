// Package apkscript reads packages' install scripts, and runs none of them. What a script would do is worked out where
// that can be done with certainty: accounts are added, commands whose effect an image has anyway are passed over, and
// conditions on files are decided by the image's tree. Everything else is reported.
package apkscript

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// System is the system that a script would run on.
type System interface {
	// Lookup returns what is at an absolute path, symlinks in it followed but for the last part; ok is false if nothing
	// is.
	Lookup(path string) (f File, ok bool)
	// AddGroup and AddUser add accounts. They return false if the name is taken, as the commands fail then. The error
	// says why nothing was done: the account cannot be had in an image, or the system cannot tell what the command
	// would do.
	AddGroup(g Group) (bool, error)
	AddUser(u User) (bool, error)
	// Mkdir makes a directory and those above it. The error says why none was made.
	Mkdir(path string) error
	// HasApplets says whether the links to a program's applets, that "PROGRAM --install" makes, are there anyway.
	HasApplets(program string) bool
	// UserID and GroupID look up names.
	UserID(name string) (int, bool)
	GroupID(name string) (int, bool)
}

// File is one file of the system.
type File struct {
	Mode     fs.FileMode
	UID, GID int
	Link     string // target of a symlink
}

// Limits on scripts: the parser's stack grows with the text. Of a script that is beyond one, all is unknown.
const (
	maxScript  = 64 << 10 // bytes; the longest of Alpine's and Wolfi's have a few thousand
	maxNesting = 500      // statements and words within each other
	maxValue   = 4096     // bytes of a word or variable
)

// Run works out one script. It returns the statements that nothing was done for, each as one line; none if the script
// is covered.
func Run(text string, system System) (rest []string) {
	if len(text) > maxScript {
		return []string{fmt.Sprintf("all of it: it has %d bytes, and scripts of more than %d are not read", len(text), maxScript)}
	}
	r := &runner{system: system, vars: map[string]string{}}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(text), "")
	if err != nil {
		// Scripts for other shells or none: all of it is unknown.
		return []string{summary(text)}
	}
	if nesting(file) > maxNesting {
		return []string{fmt.Sprintf("all of it: it is nested deeper than %d levels", maxNesting)}
	}
	r.stmts(file.Stmts)
	return r.rest
}

// nesting returns how deep statements and words lie within each other.
func nesting(file *syntax.File) int {
	depth, deepest := 0, 0
	syntax.Walk(file, func(n syntax.Node) bool {
		if n == nil {
			depth--
			return false
		}
		depth++
		deepest = max(deepest, depth)
		return true
	})
	return deepest
}

// truth is what is known of a command's exit status.
type truth int

const (
	unknown truth = iota
	success
	failure
)

func truthOf(ok bool) truth {
	if ok {
		return success
	}
	return failure
}

func (t truth) not() truth {
	switch t {
	case success:
		return failure
	case failure:
		return success
	}
	return unknown
}

type runner struct {
	system System
	vars   map[string]string
	rest   []string
	done   bool   // the script has ended
	why    string // the command at hand is not done
}

// stmts runs statements one after the other and returns the status of the last.
func (r *runner) stmts(stmts []*syntax.Stmt) truth {
	last := success
	for _, s := range stmts {
		if r.done {
			return last
		}
		before := len(r.rest)
		last = r.stmt(s)
		// After something unknown that may have ended the script, nothing is certain.
		if len(r.rest) > before && mayEnd(s) {
			r.done = true
		}
	}
	return last
}

func (r *runner) stmt(s *syntax.Stmt) truth {
	if s.Background || s.Coprocess || !harmless(s.Redirs) {
		return r.give(s)
	}
	t := unknown
	switch c := s.Cmd.(type) {
	case nil:
		t = success
	case *syntax.CallExpr:
		t = r.call(s, c)
	case *syntax.BinaryCmd:
		t = r.binary(s, c)
	case *syntax.IfClause:
		t = r.ifClause(s, c)
	case *syntax.CaseClause:
		t = r.caseClause(s, c)
	case *syntax.Block:
		t = r.stmts(c.Stmts)
	case *syntax.FuncDecl:
		t = success // only a call of it would do anything
	default:
		return r.give(s)
	}
	if s.Negated {
		return t.not()
	}
	return t
}

// give gives a statement up.
func (r *runner) give(n syntax.Node) truth {
	var b strings.Builder
	if err := syntax.NewPrinter().Print(&b, n); err != nil {
		b.WriteString("a statement")
	}
	text := summary(b.String())
	if r.why != "" {
		text += " (" + summary(r.why) + ")"
		r.why = ""
	}
	r.rest = append(r.rest, text)
	return unknown
}

// refuse says why a command is not done.
func (r *runner) refuse(err error) (t truth, known bool) {
	r.why = err.Error()
	return unknown, false
}

// summary is the first line of a text, cut to a length that a warning can hold.
func summary(text string) string {
	first, more, _ := strings.Cut(strings.TrimSpace(text), "\n")
	const most = 100
	if len(first) > most {
		return strings.ToValidUTF8(first[:most], "") + "…"
	}
	if strings.TrimSpace(more) != "" {
		return first + " …"
	}
	return first
}

// harmless says whether redirections write to no file.
func harmless(redirs []*syntax.Redirect) bool {
	for _, rd := range redirs {
		switch rd.Op {
		case syntax.DplIn, syntax.DplOut, syntax.RdrIn, syntax.Hdoc, syntax.DashHdoc:
			continue
		}
		if rd.Word == nil || rd.Word.Lit() != "/dev/null" {
			return false
		}
	}
	return true
}

// mayEnd says whether a statement has something in it that ends a script.
func mayEnd(s *syntax.Stmt) bool {
	found := false
	syntax.Walk(s, func(n syntax.Node) bool {
		if call, ok := n.(*syntax.CallExpr); ok && len(call.Args) > 0 {
			switch call.Args[0].Lit() {
			case "exit", "exec", "return":
				found = true
			}
		}
		return !found
	})
	return found
}

func (r *runner) binary(s *syntax.Stmt, c *syntax.BinaryCmd) truth {
	if c.Op != syntax.AndStmt && c.Op != syntax.OrStmt {
		return r.give(s)
	}
	left := r.stmt(c.X)
	if r.done {
		return left
	}
	switch {
	case left == success && c.Op == syntax.AndStmt, left == failure && c.Op == syntax.OrStmt:
		return r.stmt(c.Y)
	case left != unknown:
		return left
	case doesNothing(c.Y):
		return unknown
	}
	return r.give(c.Y)
}

func doesNothing(s *syntax.Stmt) bool {
	call, ok := s.Cmd.(*syntax.CallExpr)
	if !ok || len(call.Args) == 0 || !harmless(s.Redirs) {
		return false
	}
	switch call.Args[0].Lit() {
	case "true", ":", "echo":
		return true
	}
	return false
}

func (r *runner) ifClause(s *syntax.Stmt, c *syntax.IfClause) truth {
	for ; c != nil; c = c.Else {
		if len(c.Cond) == 0 { // else
			return r.stmts(c.Then)
		}
		before := len(r.rest)
		switch r.stmts(c.Cond) {
		case success:
			return r.stmts(c.Then)
		case unknown:
			r.rest = r.rest[:before]
			return r.give(s)
		}
		if len(r.rest) > before {
			r.rest = r.rest[:before]
			return r.give(s)
		}
	}
	return success
}

func (r *runner) caseClause(s *syntax.Stmt, c *syntax.CaseClause) truth {
	value, ok := r.word(c.Word)
	if !ok {
		return r.give(s)
	}
	for _, item := range c.Items {
		for _, p := range item.Patterns {
			pattern, ok := r.word(p)
			if !ok {
				return r.give(s)
			}
			if matched, err := path.Match(pattern, value); err == nil && matched {
				return r.stmts(item.Stmts)
			}
		}
	}
	return success
}
