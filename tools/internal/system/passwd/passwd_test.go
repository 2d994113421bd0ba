package passwd

import (
	"strings"
	"testing"
)

const (
	users  = "root:x:0:0:root:/root:/bin/sh\n# a comment\nbin:x:1:1::/bin:/sbin/nologin\n"
	groups = "root:x:0:root\nwheel:x:10:root\n"
)

func TestAdd(t *testing.T) {
	d, err := Parse([]byte(users), []byte(groups), nil)
	if err != nil {
		t.Fatal(err)
	}
	d.Day = 5
	for _, err := range []error{
		d.AddGroup(Group{Name: "app", GID: 1000}),
		d.AddUser(User{Name: "app", UID: 1000, GID: 1000, Gecos: "App", Home: "/app", Shell: "/bin/sh"}),
		d.AddUser(User{Name: "bin", UID: 1, GID: 1, Home: "/other"}),
		d.AddGroup(Group{Name: "wheel", GID: 10, Members: []string{"app", "root"}}),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if got, want := string(d.Passwd()), users+"app:x:1000:1000:App:/app:/bin/sh\n"; got != want {
		t.Errorf("passwd is\n%s\nwant\n%s", got, want)
	}
	if got, want := string(d.GroupFile()), "root:x:0:root\nwheel:x:10:root,app\napp:x:1000:\n"; got != want {
		t.Errorf("group is\n%s\nwant\n%s", got, want)
	}
	if got, want := string(d.Shadow()), "app:!:5:0:99999:7:::\n"; got != want {
		t.Errorf("shadow is\n%s\nwant\n%s", got, want)
	}
	if d.FreeUID(1) != 2 || d.FreeGID(10) != 11 {
		t.Errorf("free are uid %d and gid %d, want 2 and 11", d.FreeUID(1), d.FreeGID(10))
	}
	for want, err := range map[string]error{
		"etc/passwd has it with 1:1":      d.AddUser(User{Name: "bin", UID: 2, GID: 1}),
		"uid 0 is already that of user":   d.AddUser(User{Name: "x", UID: 0}),
		"etc/group has it with 10":        d.AddGroup(Group{Name: "wheel", GID: 11}),
		"gid 10 is already that of group": d.AddGroup(Group{Name: "x", GID: 10}),
		"want a name without spaces":      d.AddUser(User{Name: "a b", UID: 7}),
		"want one from 0 to":              d.AddUser(User{Name: "x", UID: -1}),
		"want text without colons":        d.AddUser(User{Name: "x", UID: 7, Home: "/a:b"}),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for in, want := range map[string]string{"a:b:c\n": "line 1 has 3 fields, want 7", "a:x:y:0:::\n": "uid: got \"y\"", "a:x:0:z:::\n": "gid: got \"z\""} {
		if _, err := Parse([]byte(in), nil, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q): error %v, want %q", in, err, want)
		}
	}
	if _, err := Parse(nil, []byte("a:b\n"), nil); err == nil || !strings.Contains(err.Error(), "etc/group: line 1 has 2 fields") {
		t.Errorf("error is %v, want one about etc/group", err)
	}
}
