package apkscript

import (
	"io/fs"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// word returns what a word expands to; ok is false where that is not known.
func (r *runner) word(w *syntax.Word) (value string, ok bool) {
	return r.parts(w.Parts)
}

func (r *runner) parts(parts []syntax.WordPart) (string, bool) {
	var b strings.Builder
	for _, p := range parts {
		s, ok := r.part(p)
		if !ok {
			return "", false
		}
		if b.WriteString(s); b.Len() > maxValue {
			return "", false
		}
	}
	return b.String(), true
}

func (r *runner) part(p syntax.WordPart) (string, bool) {
	switch p := p.(type) {
	case *syntax.Lit:
		return strings.ReplaceAll(p.Value, "\\", ""), true
	case *syntax.SglQuoted:
		return p.Value, !p.Dollar
	case *syntax.DblQuoted:
		return r.parts(p.Parts)
	case *syntax.ParamExp:
		plain := !p.Excl && !p.Length && !p.Width && p.Index == nil && p.Slice == nil && p.Repl == nil && p.Exp == nil
		if !plain || p.Param == nil {
			return "", false
		}
		value, ok := r.vars[p.Param.Value]
		return value, ok
	case *syntax.CmdSubst:
		return r.readlink(p)
	}
	return "", false
}

// readlink knows one command substitution, $(readlink PATH), also with "|| true" and its errors thrown away.
func (r *runner) readlink(c *syntax.CmdSubst) (string, bool) {
	if len(c.Stmts) != 1 {
		return "", false
	}
	s := c.Stmts[0]
	if b, ok := s.Cmd.(*syntax.BinaryCmd); ok && b.Op == syntax.OrStmt && doesNothing(b.Y) {
		s = b.X
	}
	call, ok := s.Cmd.(*syntax.CallExpr)
	if !ok || len(call.Args) != 2 || call.Args[0].Lit() != "readlink" || !harmless(s.Redirs) {
		return "", false
	}
	name, ok := r.word(call.Args[1])
	if !ok {
		return "", false
	}
	f, found := r.system.Lookup(absolute(name))
	if !found || f.Mode.Type() != fs.ModeSymlink {
		return "", true
	}
	return f.Link, true
}

// absolute makes a path absolute: scripts run in the root.
func absolute(p string) string {
	if strings.HasPrefix(p, "/") {
		return p
	}
	return "/" + p
}
