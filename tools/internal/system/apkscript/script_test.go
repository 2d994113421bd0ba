package apkscript

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

// fake is a system that writes down what scripts do to it.
type fake struct {
	files map[string]File
	log   []string
	taken map[string]bool
}

func (f *fake) Lookup(p string) (File, bool) { file, ok := f.files[p]; return file, ok }
func (f *fake) Mkdir(p string) error         { f.log = append(f.log, "mkdir "+p); return nil }

func (f *fake) AddGroup(g Group) (bool, error) {
	if f.taken[g.Name] && g.Member == "" {
		return false, nil
	}
	f.log = append(f.log, fmt.Sprintf("group %+v", g))
	return true, nil
}

func (f *fake) AddUser(u User) (bool, error) {
	if f.taken[u.Name] {
		return false, nil
	}
	f.log = append(f.log, fmt.Sprintf("user %+v", u))
	return true, nil
}

func (f *fake) UserID(name string) (int, bool)  { return 0, name == "root" }
func (f *fake) GroupID(name string) (int, bool) { return 42, name == "shadow" }

func (f *fake) HasApplets(p string) bool { return p == "busybox" }

func newFake() *fake {
	return &fake{
		taken: map[string]bool{"taken": true},
		files: map[string]File{
			"/etc/shadow":  {Mode: 0o640, GID: 42},
			"/bin/sh":      {Mode: fs.ModeSymlink | 0o777, Link: "/bin/busybox"},
			"/bin/busybox": {Mode: 0o755},
			"/etc":         {Mode: fs.ModeDir | 0o755},
		},
	}
}

func TestRun(t *testing.T) {
	for name, c := range map[string]struct {
		script    string
		log, rest []string
	}{
		"nothing":      {"#!/bin/sh\n# comment\nset -e\nexit 0\nrm -rf /\n", nil, nil},
		"addgroup":     {"addgroup -S -g 42 shadow 2>/dev/null", []string{"group {Name:shadow GID:42 System:true Member:}"}, nil},
		"join a group": {"addgroup a b", []string{"group {Name:b GID:-1 System:false Member:a}"}, nil},
		"variables and all of adduser's options": {
			"u=x\nadduser -SDH -h /var/lib/$u -s /sbin/nologin -G ${u} -g \"the $u\" -u 7 $u >/dev/null 2>&1 || :",
			[]string{"user {Name:x UID:7 System:true Group:x Gecos:the x Home:/var/lib/x Shell:/sbin/nologin NoHome:true}"}, nil,
		},
		"defaults of adduser":           {"adduser -D x", []string{"user {Name:x UID:-1 System:false Group: Gecos:Linux User,,, Home:/home/x Shell:/bin/sh NoHome:false}"}, nil},
		"defaults of a system user":     {"busybox adduser -S x", []string{"user {Name:x UID:-1 System:true Group:nogroup Gecos:Linux User,,, Home:/home/x Shell:/bin/false NoHome:false}"}, nil},
		"a name that is taken":          {"addgroup taken && mkdir -p /a\naddgroup taken || mkdir -p /b", []string{"mkdir /b"}, nil},
		"unknown variable":              {"adduser -S \"$1\"", nil, []string{`adduser -S "$1"`}},
		"unknown option":                {"adduser --system x", nil, []string{"adduser --system x"}},
		"skeleton":                      {"adduser -k /etc/skel x", nil, []string{"adduser -k /etc/skel x"}},
		"a condition that holds":        {"if [ -x /bin/sh ] && [ ! -d /nothing ]; then mkdir -p /a; else rm -rf /; fi", []string{"mkdir /a"}, nil},
		"one that does not":             {"if test -e /nothing; then rm -rf /; elif [ a = b ]; then rm x; fi\n[ -L /bin/sh ] || rm x", nil, nil},
		"one that is not known":         {"if [ \"$(uname)\" = Linux ]; then rm x; fi\nmkdir -p /a", []string{"mkdir /a"}, []string{`if [ "$(uname)" = Linux ]; then rm x; fi`}},
		"what may have ended":           {"if frob; then exit 0; fi\nadduser x", nil, []string{"if frob; then exit 0; fi"}},
		"exec ends":                     {"exec /bin/busybox --install -s\nrm x", nil, nil},
		"links that are not known":      {"busybox-extras --install -s", nil, []string{"busybox-extras --install -s"}},
		"no-ops on owners":              {"chown root:shadow /etc/shadow\nchmod 640 /etc/shadow", nil, nil},
		"changes of owners":             {"chmod 600 /etc/shadow\nchown root:x /etc/shadow", nil, []string{"chmod 600 /etc/shadow", "chown root:x /etc/shadow"}},
		"readlink":                      {"case \"$(readlink /bin/sh 2>/dev/null || true)\" in\n/bin/busy*) mkdir -p /a;;\n*) rm x;;\nesac", []string{"mkdir /a"}, nil},
		"functions":                     {"f() {\n\trm x\n}\nf", nil, []string{"f"}},
		"a file is written":             {"echo hello > /etc/x", nil, []string{"echo hello >/etc/x"}},
		"a message":                     {"echo \"$(date): hello $1\"", nil, nil},
		"a pipe":                        {"echo a | tee x", nil, []string{"echo a | tee x"}},
		"a loop":                        {"for i in a b; do\nrm $i\ndone", nil, []string{"for i in a b; do …"}},
		"in the background":             {"adduser x &", nil, []string{"adduser x &"}},
		"exit with a failure":           {"exit 1", nil, []string{"exit 1"}},
		"no shell script":               {"if then fi (((", nil, []string{"if then fi ((("}},
		"certificates without a bundle": {"update-ca-certificates", nil, []string{"update-ca-certificates"}},
		"ldconfig":                      {"/sbin/ldconfig || true", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			system := newFake()
			rest := Run(c.script, system)
			if !slices.Equal(system.log, c.log) {
				t.Errorf("did\n%s\nwant\n%s", strings.Join(system.log, "\n"), strings.Join(c.log, "\n"))
			}
			if !slices.Equal(rest, c.rest) {
				t.Errorf("left %q, want %q", rest, c.rest)
			}
		})
	}
}

// Scripts that would take more memory or stack than they have text are given up, with the limit's name.
func TestLimits(t *testing.T) {
	doubled := "x=aaaaaaaaaaaaaaaa\n" + strings.Repeat("x=$x$x\n", 60) + "mkdir -p /$x\n"
	for name, c := range map[string]struct{ script, want string }{
		"5 million parentheses": {strings.Repeat("(", 5_000_000), "it has 5000000 bytes, and scripts of more than 65536 are not read"},
		"just below":            {strings.Repeat("(", maxScript), "…"},
		"nested":                {strings.Repeat("{ ", 600) + "true;" + strings.Repeat(" };", 599) + " }", "it is nested deeper than 500 levels"},
		"substitutions":         {"echo " + strings.Repeat("$(", 600) + strings.Repeat(")", 600), "it is nested deeper than 500 levels"},
		"values that double":    {doubled, "mkdir -p /$x"},
	} {
		t.Run(name, func(t *testing.T) {
			system := newFake()
			if rest := strings.Join(Run(c.script, system), "\n"); !strings.Contains(rest, c.want) || len(rest) > 1000 || len(system.log) > 0 {
				t.Errorf("left %.300q, want %q; did %q", rest, c.want, system.log)
			}
		})
	}
}
