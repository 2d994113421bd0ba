package apkscript

import (
	"strconv"
	"strings"
)

// Group is what an addgroup command asks for. GID is -1 for the next free one.
type Group struct {
	Name   string
	GID    int
	System bool // -S: the gid is one for system groups
	// Member is set by "addgroup USER GROUP": the user joins the group, which must be there.
	Member string
}

// User is what an adduser command asks for. UID is -1 for the next free one.
type User struct {
	Name   string
	UID    int
	System bool
	Group  string // name; empty for a group of the user's own
	Gecos  string
	Home   string
	Shell  string
	NoHome bool // -H: the home directory is not made
}

// options splits arguments as getopt(3) does: letters with values are in withValue, those without in plain. ok is false
// for any other.
func options(args []string, withValue, plain string) (values map[byte]string, rest []string, ok bool) {
	values = map[byte]string{}
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if !strings.HasPrefix(arg, "-") || arg == "-" {
			rest = append(rest, arg)
			continue
		}
		for letters := arg[1:]; letters != ""; letters = letters[1:] {
			letter := letters[0]
			if strings.IndexByte(plain, letter) >= 0 {
				values[letter] = ""
				continue
			}
			if strings.IndexByte(withValue, letter) < 0 {
				return nil, nil, false
			}
			if len(letters) > 1 {
				values[letter] = letters[1:]
			} else if len(args) > 0 {
				values[letter] = args[0]
				args = args[1:]
			} else {
				return nil, nil, false
			}
			break
		}
	}
	return values, rest, true
}

// number returns the number of an option, -1 if it is not given.
func number(values map[byte]string, letter byte) (n int, ok bool) {
	s, given := values[letter]
	if !given {
		return -1, true
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 0
}

func (r *runner) addgroup(args []string) (truth, bool) {
	values, rest, ok := options(args, "g", "S")
	if !ok || len(rest) == 0 || len(rest) > 2 {
		return unknown, false
	}
	g := Group{Name: rest[len(rest)-1]}
	if g.GID, ok = number(values, 'g'); !ok {
		return unknown, false
	}
	_, g.System = values['S']
	if len(rest) == 2 {
		g.Member = rest[0]
	}
	added, err := r.system.AddGroup(g)
	if err != nil {
		return r.refuse(err)
	}
	return truthOf(added), true
}

func (r *runner) adduser(args []string) (truth, bool) {
	values, rest, ok := options(args, "hgsGuk", "SDH")
	// -k names a folder whose files would be copied.
	if _, skeleton := values['k']; !ok || skeleton || len(rest) == 0 || len(rest) > 2 {
		return unknown, false
	}
	if len(rest) == 2 {
		return r.addgroup(rest)
	}
	u := User{Name: rest[0], Group: values['G'], Gecos: values['g'], Home: values['h'], Shell: values['s']}
	if u.UID, ok = number(values, 'u'); !ok {
		return unknown, false
	}
	_, u.System = values['S']
	_, u.NoHome = values['H']
	// The defaults are those of busybox.
	if _, given := values['g']; !given {
		u.Gecos = "Linux User,,,"
	}
	if u.Home == "" {
		u.Home = "/home/" + u.Name
	}
	if u.Shell == "" {
		u.Shell = "/bin/sh"
		if u.System {
			u.Shell = "/bin/false"
		}
	}
	if u.System && u.Group == "" {
		u.Group = "nogroup"
	}
	added, err := r.system.AddUser(u)
	if err != nil {
		return r.refuse(err)
	}
	return truthOf(added), true
}
