// Package apkconstraint reads and writes the constraints of apk's world file and of packages' depends, provides and
// install_if fields.
package apkconstraint

import (
	"fmt"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkname"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkversion"
)

// Constraint is one of name, name=V, name<V, name>V, name<=V, name>=V, name~V, name<~V, name>~V, name><CHECKSUM, each
// with an optional @tag and an optional leading "!".
type Constraint struct {
	Name string
	// Op is "", "=", "<", ">", "<=", ">=", "~", "<~", ">~" or "><".
	Op string
	// Version is empty where Op is, and a checksum ("Q1…") where Op is "><".
	Version string
	// Tag is the repository tag without "@", or empty.
	Tag string
	// Conflict is set for "!name": whatever matches must not be installed.
	Conflict bool
}

const operators = "<>=~"

// maxLen bounds a constraint, in bytes.
const maxLen = 8192

// Parse reads one constraint. The tag stands after the name, as apk wants it (foo@edge>=1.2), or at the end.
func Parse(s string) (Constraint, error) {
	if len(s) > maxLen {
		return Constraint{}, fmt.Errorf("constraint %q: %d bytes, want at most %d", clip(s), len(s), maxLen)
	}
	var c Constraint
	bad := func(got, want string) (Constraint, error) {
		return Constraint{}, fmt.Errorf("constraint %q: %s; want %s", clip(s), got, want)
	}
	rest, conflict := strings.CutPrefix(s, "!")
	c.Conflict = conflict
	if name, after, tagged := strings.Cut(rest, "@"); tagged {
		end := strings.IndexAny(after, operators)
		if end < 0 {
			end = len(after)
		}
		c.Tag = after[:end]
		if c.Tag == "" || strings.Contains(c.Tag, "@") {
			return bad(fmt.Sprintf("%q is not a tag", c.Tag), "name@tag, where a repository is listed as @tag")
		}
		if end < len(after) && strings.ContainsAny(name, operators) {
			return bad("it has two versions", "name@tag>=1.2")
		}
		rest = name + after[end:]
	}
	c.Name = rest
	if i := strings.IndexAny(rest, operators); i >= 0 {
		j := i
		for j < len(rest) && strings.IndexByte(operators, rest[j]) >= 0 {
			j++
		}
		c.Name, c.Version = rest[:i], rest[j:]
		op, ok := canonical(rest[i:j])
		if !ok {
			return bad(fmt.Sprintf("unknown operator %q", rest[i:j]), "one of = < > <= >= ~ <~ >~ ><")
		}
		c.Op = op
		if c.Version == "" {
			return bad("no version after "+op, "name"+op+"1.2.3")
		}
		if op != "><" && !apkversion.Valid(c.Version) {
			return bad(fmt.Sprintf("%q is not a version", c.Version), "digits[.digits…][letter][_suffix[N]][~hash][-rN], as in 1.2.3_rc1-r0")
		}
	}
	if c.Name == "" {
		return bad("no name", "a package name, as in musl or musl>=1.2")
	}
	if i := strings.IndexAny(c.Name, " \t\r\n"); i >= 0 {
		return bad(fmt.Sprintf("the name holds %q", c.Name[i]), "one constraint at a time")
	}
	if _, err := apkname.ParseDependency(c.Name); err != nil {
		return Constraint{}, fmt.Errorf("constraint %q: %w", clip(s), err)
	}
	if i := strings.IndexFunc(c.Tag, func(r rune) bool { return r <= ' ' || r >= 0x7f }); i >= 0 {
		return bad(fmt.Sprintf("the tag holds %q", c.Tag[i:i+1]), "printable ASCII without blanks")
	}
	if i := strings.IndexFunc(c.Version, func(r rune) bool { return r <= ' ' || r >= 0x7f }); i >= 0 {
		return bad(fmt.Sprintf("%q is not a checksum", c.Version), "Q1 and base64")
	}
	return c, nil
}

// clip shortens what goes into messages.
func clip(s string) string {
	const most = 120
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// canonical gives the one spelling of an operator. apk takes the characters of an operator in any order.
func canonical(op string) (string, bool) {
	var less, greater, equal, prefix bool
	for _, r := range op {
		switch r {
		case '<':
			less = true
		case '>':
			greater = true
		case '=':
			equal = true
		case '~':
			prefix = true
		}
	}
	switch {
	case less && greater:
		return "><", !equal && !prefix
	case less && prefix:
		return "<~", true
	case greater && prefix:
		return ">~", true
	case prefix:
		return "~", true
	case less && equal:
		return "<=", true
	case greater && equal:
		return ">=", true
	case less:
		return "<", true
	case greater:
		return ">", true
	}
	return "=", equal
}

// String is the constraint as apk writes it. Parse reads it back.
func (c Constraint) String() string {
	var s string
	if c.Conflict {
		s = "!"
	}
	s += c.Name
	if c.Tag != "" {
		s += "@" + c.Tag
	}
	return s + c.Op + c.Version
}

// Matches says whether something that goes by Name, at the given version, is what the constraint speaks of; Conflict is
// not looked at. An empty version stands for a provide without one, which only a constraint without an operator
// matches. A checksum ("><") matches no version: see MatchesChecksum.
func (c Constraint) Matches(version string) bool {
	switch c.Op {
	case "":
		return true
	case "><":
		return false
	}
	if version == "" {
		return false
	}
	var order int
	if strings.HasSuffix(c.Op, "~") {
		order = apkversion.ComparePrefix(version, c.Version)
	} else {
		order = apkversion.Compare(version, c.Version)
	}
	switch c.Op {
	case "<":
		return order < 0
	case ">":
		return order > 0
	case "<=", "<~":
		return order <= 0
	case ">=", ">~":
		return order >= 0
	}
	return order == 0
}

// MatchesChecksum says whether a package with that checksum ("Q1…") is what a constraint with the operator "><" asks
// for.
func (c Constraint) MatchesChecksum(checksum string) bool {
	return c.Op == "><" && c.Version == checksum
}

// Satisfied says whether the constraint holds where something that goes by Name is installed at the given version: it
// matches, or, for a conflict, it does not.
func (c Constraint) Satisfied(version string) bool {
	return c.Matches(version) != c.Conflict
}
