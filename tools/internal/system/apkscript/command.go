package apkscript

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// call runs a simple command.
func (r *runner) call(s *syntax.Stmt, c *syntax.CallExpr) truth {
	if len(c.Args) == 0 {
		return r.assign(c.Assigns)
	}
	args := make([]string, len(c.Args))
	for i, w := range c.Args {
		value, ok := r.word(w)
		if !ok {
			// Messages may hold anything.
			if i > 0 && isMessage(args[0]) {
				return success
			}
			return r.give(s)
		}
		args[i] = value
	}
	if args[0] == "exec" && len(args) > 1 {
		args = args[1:]
		r.done = true
	}
	// busybox COMMAND is the same as COMMAND.
	if len(args) > 1 && path.Base(args[0]) == "busybox" && !strings.HasPrefix(args[1], "-") {
		args = args[1:]
	}
	t, known := r.command(path.Base(args[0]), args[1:])
	if !known {
		return r.give(s)
	}
	return t
}

func isMessage(name string) bool { return name == "echo" || name == "printf" }

func (r *runner) assign(assigns []*syntax.Assign) truth {
	for _, a := range assigns {
		delete(r.vars, a.Name.Value)
		if a.Append || a.Array != nil || a.Index != nil {
			continue
		}
		if a.Value == nil {
			r.vars[a.Name.Value] = ""
		} else if value, ok := r.word(a.Value); ok {
			r.vars[a.Name.Value] = value
		}
	}
	return success
}

// command runs a command; known is false for one whose effect is not known.
func (r *runner) command(name string, args []string) (t truth, known bool) {
	switch name {
	case "true", ":", "echo", "printf", "set", "umask", "sync":
		return success, true
	case "false":
		return failure, true
	case "exit", "return":
		r.done = true
		return success, len(args) == 0 || args[0] == "0"
	case "[", "test":
		return r.test(name, args)
	case "ldconfig":
		return success, true // the system layer has the cache that it makes
	case "update-ca-certificates":
		_, ok := r.system.Lookup("/etc/ssl/certs/ca-certificates.crt")
		return success, ok // a package has the bundle already
	case "busybox", "busybox-extras", "bbsuid":
		return success, len(args) > 0 && args[0] == "--install" && r.system.HasApplets(name)
	case "mkdir":
		return r.mkdir(args)
	case "chmod":
		return r.chmod(args)
	case "chown":
		return r.chown(args)
	case "addgroup":
		return r.addgroup(args)
	case "adduser":
		return r.adduser(args)
	}
	return unknown, false
}

// test evaluates the conditions on files, and those on strings that are known.
func (r *runner) test(name string, args []string) (truth, bool) {
	if name == "[" {
		if len(args) == 0 || args[len(args)-1] != "]" {
			return unknown, false
		}
		args = args[:len(args)-1]
	}
	if len(args) > 0 && args[0] == "!" {
		t, known := r.test("test", args[1:])
		return t.not(), known
	}
	switch len(args) {
	case 2:
		switch args[0] {
		case "-n":
			return truthOf(args[1] != ""), true
		case "-z":
			return truthOf(args[1] == ""), true
		}
		return r.testFile(args[0], absolute(args[1]))
	case 3:
		switch args[1] {
		case "=", "==":
			return truthOf(args[0] == args[2]), true
		case "!=":
			return truthOf(args[0] != args[2]), true
		}
	}
	return unknown, false
}

func (r *runner) testFile(op, name string) (truth, bool) {
	f, ok := r.system.Lookup(name)
	if op == "-L" || op == "-h" {
		return truthOf(ok && f.Mode.Type() == fs.ModeSymlink), true
	}
	for range 40 {
		if !ok || f.Mode.Type() != fs.ModeSymlink {
			break
		}
		name = path.Join(path.Dir(name), f.Link)
		if path.IsAbs(f.Link) {
			name = f.Link
		}
		f, ok = r.system.Lookup(name)
	}
	switch op {
	case "-e":
		return truthOf(ok), true
	case "-f":
		return truthOf(ok && f.Mode.IsRegular()), true
	case "-d":
		return truthOf(ok && f.Mode.IsDir()), true
	case "-x":
		return truthOf(ok && (f.Mode.IsDir() || f.Mode&0o111 != 0)), true
	}
	return unknown, false
}

func (r *runner) mkdir(args []string) (truth, bool) {
	if len(args) < 2 || args[0] != "-p" || slices.ContainsFunc(args[1:], func(a string) bool { return strings.HasPrefix(a, "-") }) {
		return unknown, false
	}
	for _, dir := range args[1:] {
		if err := r.system.Mkdir(absolute(dir)); err != nil {
			return r.refuse(err)
		}
	}
	return success, true
}

// chmod knows modes in octal that the files have already.
func (r *runner) chmod(args []string) (truth, bool) {
	if len(args) < 2 {
		return unknown, false
	}
	mode, err := strconv.ParseUint(args[0], 8, 12)
	if err != nil || mode > 0o777 {
		return unknown, false
	}
	for _, name := range args[1:] {
		f, ok := r.system.Lookup(absolute(name))
		if !ok || f.Mode.Perm() != fs.FileMode(mode) || f.Mode.Type() == fs.ModeSymlink {
			return unknown, false
		}
	}
	return success, true
}

// chown knows owners that the files have already.
func (r *runner) chown(args []string) (truth, bool) {
	if len(args) < 2 {
		return unknown, false
	}
	user, group, hasGroup := strings.Cut(args[0], ":")
	uid, ok := r.system.UserID(user)
	if !ok {
		return unknown, false
	}
	gid, ok := r.system.GroupID(group)
	if hasGroup && !ok {
		return unknown, false
	}
	for _, name := range args[1:] {
		f, ok := r.system.Lookup(absolute(name))
		if !ok || f.UID != uid || hasGroup && f.GID != gid {
			return unknown, false
		}
	}
	return success, true
}
