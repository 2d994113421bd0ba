package passwd

import (
	"bytes"
	"testing"
)

// What can be read can be read again after something was added, and the rest of it stays.
func FuzzParse(f *testing.F) {
	f.Add([]byte(users), []byte(groups), []byte("root:!:0:::::\n"), "new", "a gecos")
	f.Add([]byte("a:x:1:1:::\na:x:2:2:::\n"), []byte("g:x:1:a,b,,a\n"), []byte(nil), "a", "x")
	f.Add([]byte("\n#\n\n"), []byte("#"), []byte("\x00"), "b\n", "y:z")
	f.Fuzz(func(t *testing.T, passwd, group, shadow []byte, name, gecos string) {
		d, err := Parse(passwd, group, shadow)
		if err != nil {
			return
		}
		before := d.Passwd()
		uid, gid := d.FreeUID(1000), d.FreeGID(1000)
		userErr := d.AddUser(User{Name: name, UID: uid, GID: gid, Gecos: gecos, Home: "/"})
		groupErr := d.AddGroup(Group{Name: name, GID: gid, Members: []string{name}})
		again, err := Parse(d.Passwd(), d.GroupFile(), d.Shadow())
		if err != nil {
			t.Fatalf("%q, %q: %v", d.Passwd(), d.GroupFile(), err)
		}
		if !bytes.HasPrefix(d.Passwd(), before) {
			t.Fatalf("%q became %q", before, d.Passwd())
		}
		if userErr == nil {
			if u, ok := again.User(name); !ok || u != d.users[name] {
				t.Fatalf("user %q is %+v after reading it again, want %+v", name, u, d.users[name])
			}
		}
		if groupErr == nil {
			if g, ok := again.Group(name); !ok || g.GID != gid {
				t.Fatalf("group %q is %+v after reading it again, want gid %d", name, g, gid)
			}
		}
	})
}
